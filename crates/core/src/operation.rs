//! A row of the table of operations that is generated for each API. The transport, the documentation and the
//! checks of scopes all read it.

/// What an operation is, as far as the runtime needs to know.
///
/// ```
/// use auth0_core::{Operation, RetrySafety};
///
/// static GET_MEMBER: Operation = Operation::new("getMember", "GET", "/members/{id}")
///     .with_scopes(&[&["read:members"]])
///     .with_retry_safety(RetrySafety::Safe)
///     .with_success(&[200]);
/// assert_eq!(GET_MEMBER.id(), "getMember");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operation {
    id: &'static str,
    method: &'static str,
    path: &'static str,
    group: &'static [&'static str],
    name: &'static str,
    client_method: &'static str,
    scopes: &'static [&'static [&'static str]],
    scopes_are_hints: bool,
    verify_with: &'static [&'static str],
    verifying_methods: &'static [&'static str],
    retry_safety: RetrySafety,
    paging: Paging,
    paging_limit: Option<u64>,
    success: &'static [u16],
    errors: &'static [u16],
    outcome: Option<Outcomes>,
    lifecycle: Option<&'static str>,
}

/// What may happen when a call is sent twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RetrySafety {
    /// It reads only.
    Safe,
    /// It changes something, and the second time changes nothing more.
    Idempotent,
    /// The second call may act again.
    Unsafe,
}

/// How an operation pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Paging {
    /// It does not.
    None,
    /// Every page names the cursor of the next one.
    Checkpoint,
    /// Pages are counted.
    Offset,
    /// By checkpoints, or by counting where the caller asks for a page by its number.
    CheckpointOrOffset,
}

impl Paging {
    /// Whether pages can be counted.
    pub const fn counts(self) -> bool {
        matches!(self, Self::Offset | Self::CheckpointOrOffset)
    }
}

/// The two success statuses of a bulk operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(
    clippy::exhaustive_structs,
    reason = "generated code writes it as a literal"
)]
pub struct Outcomes {
    /// Everything was done.
    pub complete: u16,
    /// Something failed; the body is a report.
    pub partial: u16,
}

impl Operation {
    /// An operation by its id, its method and its path template. Until said otherwise it is unsafe to repeat,
    /// does not page and needs no scope.
    pub const fn new(id: &'static str, method: &'static str, path: &'static str) -> Self {
        Self {
            id,
            method,
            path,
            group: &[],
            name: id,
            client_method: id,
            scopes: &[],
            scopes_are_hints: false,
            verify_with: &[],
            verifying_methods: &[],
            retry_safety: RetrySafety::Unsafe,
            paging: Paging::None,
            paging_limit: None,
            success: &[],
            errors: &[],
            outcome: None,
            lifecycle: None,
        }
    }

    /// Sets the resource that the operation belongs to, outermost first.
    #[must_use]
    pub const fn with_group(mut self, group: &'static [&'static str]) -> Self {
        self.group = group;
        self
    }

    /// Sets the name of the method within its resource.
    #[must_use]
    pub const fn with_name(mut self, name: &'static str) -> Self {
        self.name = name;
        self
    }

    /// Sets the method of the client that calls the operation, such as `organizations().get_by_name`. Errors name the
    /// operation by it. Default: the id.
    #[must_use]
    pub const fn with_client_method(mut self, method: &'static str) -> Self {
        self.client_method = method;
        self
    }

    /// Sets the scopes: alternatives, each of which needs all of its scopes.
    #[must_use]
    pub const fn with_scopes(mut self, scopes: &'static [&'static [&'static str]]) -> Self {
        self.scopes = scopes;
        self
    }

    /// Says that the scopes are hints: which are needed depends on more than the operation.
    #[must_use]
    pub const fn with_scope_hints(mut self) -> Self {
        self.scopes_are_hints = true;
        self
    }

    /// Sets the ids of the operations that show what this one changes.
    #[must_use]
    pub const fn with_verify_with(mut self, operations: &'static [&'static str]) -> Self {
        self.verify_with = operations;
        self
    }

    /// Sets the methods of the client that call the operations of [`with_verify_with`](Self::with_verify_with). Errors name
    /// these. Default: the ids.
    #[must_use]
    pub const fn with_verifying_methods(mut self, methods: &'static [&'static str]) -> Self {
        self.verifying_methods = methods;
        self
    }

    /// Sets what may happen when the call is sent twice.
    #[must_use]
    pub const fn with_retry_safety(mut self, retry_safety: RetrySafety) -> Self {
        self.retry_safety = retry_safety;
        self
    }

    /// Sets how the operation pages.
    #[must_use]
    pub const fn with_paging(mut self, paging: Paging) -> Self {
        self.paging = paging;
        self
    }

    /// Sets how many items the server gives out where pages are counted, however many there are.
    #[must_use]
    pub const fn with_paging_limit(mut self, items: u64) -> Self {
        self.paging_limit = Some(items);
        self
    }

    /// Sets the documented success statuses.
    #[must_use]
    pub const fn with_success(mut self, success: &'static [u16]) -> Self {
        self.success = success;
        self
    }

    /// Sets the documented error statuses.
    #[must_use]
    pub const fn with_errors(mut self, errors: &'static [u16]) -> Self {
        self.errors = errors;
        self
    }

    /// Makes it a bulk operation, whose outcome the status decides.
    #[must_use]
    pub const fn with_outcome(mut self, outcome: Outcomes) -> Self {
        self.outcome = Some(outcome);
        self
    }

    /// Sets the release lifecycle, such as `beta`.
    #[must_use]
    pub const fn with_lifecycle(mut self, lifecycle: &'static str) -> Self {
        self.lifecycle = Some(lifecycle);
        self
    }

    /// The operation id of the document.
    pub const fn id(&self) -> &'static str {
        self.id
    }

    /// The HTTP method.
    pub const fn method(&self) -> &'static str {
        self.method
    }

    /// The path template, such as `/members/{id}`.
    pub const fn path(&self) -> &'static str {
        self.path
    }

    /// The resource that the operation belongs to, outermost first.
    pub const fn group(&self) -> &'static [&'static str] {
        self.group
    }

    /// The name of the method within its resource.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The method of the client that calls the operation, such as `organizations().get_by_name`; the id where no other
    /// name was set.
    pub const fn client_method(&self) -> &'static str {
        self.client_method
    }

    /// The scopes: alternatives, each of which needs all of its scopes. Empty: none is documented.
    pub const fn scopes(&self) -> &'static [&'static [&'static str]] {
        self.scopes
    }

    /// Whether the scopes are hints: good to explain a 403, and no reason to refuse a call.
    pub const fn scopes_are_hints(&self) -> bool {
        self.scopes_are_hints
    }

    /// The ids of the operations that show what this one changes: where to look when its outcome is unknown.
    pub const fn verify_with(&self) -> &'static [&'static str] {
        self.verify_with
    }

    /// The methods of the client that call the operations of [`verify_with`](Self::verify_with); the ids where no other names
    /// were set.
    pub const fn verifying_methods(&self) -> &'static [&'static str] {
        match self.verifying_methods {
            [] => self.verify_with,
            methods => methods,
        }
    }

    /// What may happen when the call is sent twice.
    pub const fn retry_safety(&self) -> RetrySafety {
        self.retry_safety
    }

    /// How the operation pages.
    pub const fn paging(&self) -> Paging {
        self.paging
    }

    /// How many items the server gives out where pages are counted, however many there are; nothing where no limit is
    /// known.
    pub const fn paging_limit(&self) -> Option<u64> {
        self.paging_limit
    }

    /// The documented success statuses.
    pub const fn success(&self) -> &'static [u16] {
        self.success
    }

    /// The documented error statuses.
    pub const fn errors(&self) -> &'static [u16] {
        self.errors
    }

    /// The two success statuses, where it is a bulk operation.
    pub const fn outcome(&self) -> Option<Outcomes> {
        self.outcome
    }

    /// The release lifecycle, such as `beta`.
    pub const fn lifecycle(&self) -> Option<&'static str> {
        self.lifecycle
    }
}
