//! One rate budget for several processes.

use auth0_auth::redis::Redis;
use serde::{Deserialize, Serialize};

/// What a process calls.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Calls {}

impl Calls {
    pub(crate) async fn run(self, _: &Redis) {}
}
