//! Peak memory of processes.

use std::error::Error;
use std::process::Command;

/// Starts this program again with `arguments` and returns its peak memory in KiB. The process has to print the number
/// of items that it read, which must be `items`, and its peak memory.
pub fn of_child(arguments: &[&str], items: usize) -> Result<u64, Box<dyn Error>> {
    let output = Command::new(std::env::current_exe()?)
        .args(arguments)
        .output()?;
    let text = String::from_utf8(output.stdout)?;
    let (count, memory) = text
        .trim()
        .split_once(' ')
        .ok_or_else(|| String::from_utf8_lossy(&output.stderr).into_owned())?;
    assert_eq!(count.parse::<usize>()?, items, "items are missing");
    Ok(memory.parse()?)
}

/// The peak memory of this process in KiB.
pub fn peak_memory() -> Result<u64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number
        .ok_or("this system does not report the peak memory")?
        .parse()?)
}
