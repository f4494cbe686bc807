#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod mock;
mod response;
mod time;

pub use mock::{MockApi, MockOperation, MockRequest};
pub use response::MockResponse;
pub use time::FakeTime;
