//! A row of the table of operations that is generated for each API. The transport, the documentation and the
//! checks of scopes all read it.

/// What the runtime knows about an operation: a row of the table of operations in each generated crate.
///
/// Errors and token sources refer to it, and programs read it, for example to collect the scopes of all operations that
/// they call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operation(OperationFields);

/// The fields of an [`Operation`], which generated code writes as a literal. Each one is documented at the accessor of
/// the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(
    clippy::exhaustive_structs,
    reason = "generated code writes it as a literal"
)]
#[allow(missing_docs, reason = "documented at the accessors of `Operation`")]
pub struct OperationFields {
    pub id: &'static str,
    pub method: &'static str,
    pub path: &'static str,
    pub group: &'static [&'static str],
    pub name: &'static str,
    pub client_method: &'static str,
    pub scopes: &'static [&'static [&'static str]],
    pub scopes_are_hints: bool,
    pub verify_with: &'static [&'static str],
    pub verifying_methods: &'static [&'static str],
    pub retry_safety: RetrySafety,
    pub paging: Paging,
    pub paging_limit: Option<u64>,
    pub success: &'static [u16],
    pub errors: &'static [u16],
    pub outcome: Option<Outcomes>,
    pub lifecycle: Option<&'static str>,
}

impl OperationFields {
    /// An operation that is unsafe to retry, does not page and needs no scope.
    pub const DEFAULT: Self = Self {
        id: "",
        method: "",
        path: "",
        group: &[],
        name: "",
        client_method: "",
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
    };
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
    /// Creates an operation. `name` and `client_method` default to the id.
    #[doc(hidden)]
    pub const fn new(fields: OperationFields) -> Self {
        Self(OperationFields {
            name: or(fields.name, fields.id),
            client_method: or(fields.client_method, fields.id),
            ..fields
        })
    }

    /// The fields, from which a similar operation can be made.
    #[doc(hidden)]
    pub const fn fields(&self) -> OperationFields {
        self.0
    }

    /// The operation id of the document.
    pub const fn id(&self) -> &'static str {
        self.0.id
    }

    /// The HTTP method.
    pub const fn method(&self) -> &'static str {
        self.0.method
    }

    /// The path template, such as `/members/{id}`.
    pub const fn path(&self) -> &'static str {
        self.0.path
    }

    /// The resource that the operation belongs to, outermost first.
    pub const fn group(&self) -> &'static [&'static str] {
        self.0.group
    }

    /// The name of the method within its resource.
    pub const fn name(&self) -> &'static str {
        self.0.name
    }

    /// The method of the client that calls the operation, such as `organizations().get_by_name`; the id where no other
    /// name was set.
    pub const fn client_method(&self) -> &'static str {
        self.0.client_method
    }

    /// The scopes: alternatives, each of which needs all of its scopes. Empty: none is documented.
    pub const fn scopes(&self) -> &'static [&'static [&'static str]] {
        self.0.scopes
    }

    /// Whether the scopes are hints: good to explain a 403, and no reason to refuse a call.
    pub const fn scopes_are_hints(&self) -> bool {
        self.0.scopes_are_hints
    }

    /// The ids of the operations that show what this one changes: where to look when its outcome is unknown.
    pub const fn verify_with(&self) -> &'static [&'static str] {
        self.0.verify_with
    }

    /// The methods of the client that call the operations of [`verify_with`](Self::verify_with); the ids where no other names
    /// were set.
    pub const fn verifying_methods(&self) -> &'static [&'static str] {
        match self.0.verifying_methods {
            [] => self.0.verify_with,
            methods => methods,
        }
    }

    /// What may happen when the call is sent twice.
    pub const fn retry_safety(&self) -> RetrySafety {
        self.0.retry_safety
    }

    /// How the operation pages.
    pub const fn paging(&self) -> Paging {
        self.0.paging
    }

    /// How many items the server gives out where pages are counted, however many there are; nothing where no limit is
    /// known.
    pub const fn paging_limit(&self) -> Option<u64> {
        self.0.paging_limit
    }

    /// The documented success statuses.
    pub const fn success(&self) -> &'static [u16] {
        self.0.success
    }

    /// The documented error statuses.
    pub const fn errors(&self) -> &'static [u16] {
        self.0.errors
    }

    /// The two success statuses, where it is a bulk operation.
    pub const fn outcome(&self) -> Option<Outcomes> {
        self.0.outcome
    }

    /// The release lifecycle, such as `beta`.
    pub const fn lifecycle(&self) -> Option<&'static str> {
        self.0.lifecycle
    }
}

const fn or(text: &'static str, default: &'static str) -> &'static str {
    if text.is_empty() { default } else { text }
}
