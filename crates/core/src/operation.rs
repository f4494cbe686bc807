//! The metadata of an operation. Each generated crate has a table of them, which transport, documentation and scope checks
//! use.

/// The metadata of an operation, from the table of operations in each generated crate.
///
/// Programs can use it, for example, to collect the scopes of all operations that they call:
///
/// ```
/// use auth0_core::{Operation, RetrySafety, Scopes};
///
/// /// The scopes of all operations that only read, for a token of a read-only program.
/// fn read_scopes(operations: &[Operation]) -> Scopes {
///     let reads = operations.iter().filter(|operation| operation.retry_safety() == RetrySafety::Safe);
///     Scopes::needed_by(reads)
/// }
/// # assert!(read_scopes(&[]).is_empty());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operation(OperationFields);

/// The fields of an [`Operation`], which generated code writes as a literal. The accessors of the same names document them.
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
    pub security: Option<&'static [&'static [&'static str]]>,
}

impl OperationFields {
    /// An operation that is unsafe to retry, has no pagination and requires no scope.
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
        security: None,
    };
}

/// The retry class of an operation: whether a request may be sent twice. [`RetryPolicy`](crate::RetryPolicy) lists what each
/// class means for each outcome.
///
/// ```
/// use auth0_core::{Operation, RetrySafety};
///
/// fn is_checked_before_it_is_sent_again(operation: &Operation) -> bool {
///     operation.retry_safety() == RetrySafety::Unsafe
/// }
/// # let _ = is_checked_before_it_is_sent_again;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[doc(alias = "idempotent")]
#[doc(alias = "retry class")]
pub enum RetrySafety {
    /// The operation only reads.
    Safe,
    /// The operation writes, and a second request changes nothing more.
    Idempotent,
    /// A second request may act again.
    Unsafe,
}

/// The kind of pagination of an operation.
///
/// ```
/// use auth0_core::Paging;
///
/// assert!(Paging::CheckpointOrOffset.counts());
/// assert!(!Paging::Checkpoint.counts());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[doc(alias = "pagination")]
pub enum Paging {
    /// No pagination.
    None,
    /// Each page contains the cursor of the next one.
    Checkpoint,
    /// Counted pagination: page numbers or offsets.
    Offset,
    /// Checkpoints, or counted pagination if the caller requests a page by number.
    CheckpointOrOffset,
}

impl Paging {
    /// Whether counted pagination is supported.
    pub const fn counts(self) -> bool {
        matches!(self, Self::Offset | Self::CheckpointOrOffset)
    }
}

/// The two success statuses of a bulk operation, returned by [`Operation::outcome`].
///
/// ```
/// use auth0_core::Operation;
///
/// fn print(operation: &Operation) {
///     if let Some(statuses) = operation.outcome() {
///         println!("{}: {} is a partial failure", operation.id(), statuses.partial);
///     }
/// }
/// # let _ = print;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(
    clippy::exhaustive_structs,
    reason = "generated code writes it as a literal"
)]
pub struct Outcomes {
    /// The whole request succeeded.
    pub complete: u16,
    /// A part of the request failed; the body is a report.
    pub partial: u16,
}

impl Operation {
    /// Creates an operation. `name` and `client_method` default to the id.
    #[doc(hidden)]
    pub const fn new(fields: OperationFields) -> Self {
        Self(OperationFields {
            name: or_default(fields.name, fields.id),
            client_method: or_default(fields.client_method, fields.id),
            ..fields
        })
    }

    /// Returns the fields, to create a similar operation.
    #[doc(hidden)]
    pub const fn fields(&self) -> OperationFields {
        self.0
    }

    /// Returns the operation id of the document.
    pub const fn id(&self) -> &'static str {
        self.0.id
    }

    /// Returns the HTTP method.
    pub const fn method(&self) -> &'static str {
        self.0.method
    }

    /// Returns the path template, such as `/members/{id}`.
    pub const fn path(&self) -> &'static str {
        self.0.path
    }

    /// Returns the resource that the operation belongs to, outermost first.
    pub const fn group(&self) -> &'static [&'static str] {
        self.0.group
    }

    /// Returns the name of the method within its resource.
    pub const fn name(&self) -> &'static str {
        self.0.name
    }

    /// Returns the client method that calls the operation, such as `organizations().get_by_name`. Default: the id.
    pub const fn client_method(&self) -> &'static str {
        self.0.client_method
    }

    /// Returns the required scopes: all scopes of one of the alternatives. Empty if none is documented.
    pub const fn scopes(&self) -> &'static [&'static [&'static str]] {
        self.0.scopes
    }

    /// Whether the scopes are hints only: they explain a 403, but a call is not rejected because of them.
    pub const fn scopes_are_hints(&self) -> bool {
        self.0.scopes_are_hints
    }

    /// Returns the ids of the read operations that show whether this write happened, for an unknown outcome.
    pub const fn verify_with(&self) -> &'static [&'static str] {
        self.0.verify_with
    }

    /// Returns the client methods that call the operations of [`verify_with`](Self::verify_with). Default: their ids.
    pub const fn verifying_methods(&self) -> &'static [&'static str] {
        match self.0.verifying_methods {
            [] => self.0.verify_with,
            methods => methods,
        }
    }

    /// Returns the retry class.
    pub const fn retry_safety(&self) -> RetrySafety {
        self.0.retry_safety
    }

    /// Returns the kind of pagination.
    pub const fn paging(&self) -> Paging {
        self.0.paging
    }

    /// Returns the maximum number of items that the server returns with counted pagination; `None` if no limit is known.
    pub const fn paging_limit(&self) -> Option<u64> {
        self.0.paging_limit
    }

    /// Returns the documented success statuses.
    pub const fn success(&self) -> &'static [u16] {
        self.0.success
    }

    /// Returns the documented error statuses.
    pub const fn errors(&self) -> &'static [u16] {
        self.0.errors
    }

    /// Returns the two success statuses of a bulk operation; `None` for other operations.
    pub const fn outcome(&self) -> Option<Outcomes> {
        self.0.outcome
    }

    /// Returns the release lifecycle, such as `beta`.
    pub const fn lifecycle(&self) -> Option<&'static str> {
        self.0.lifecycle
    }
}

impl Operation {
    /// The alternatives of security schemes; `None` if the operation needs the token of the client, or none.
    pub(crate) const fn security(&self) -> Option<&'static [&'static [&'static str]]> {
        self.0.security
    }
}

const fn or_default(text: &'static str, default: &'static str) -> &'static str {
    if text.is_empty() { default } else { text }
}
