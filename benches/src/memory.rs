//! How much memory a process holds at the most.

use std::error::Error;
use std::process::Command;

/// Starts this program once more with `arguments`. It has to print how many items it read, which has to be `items`, and
/// its peak of memory in KiB, which is given back.
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

/// The most memory, in KiB, that this process has held.
pub fn peak_memory() -> Result<u64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.ok_or("this system does not tell")?.parse()?)
}
