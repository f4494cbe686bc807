mod events;
mod organizations;
mod pauses;
mod properties;
mod queueing;
mod rates;
mod snapshots;
mod support;
