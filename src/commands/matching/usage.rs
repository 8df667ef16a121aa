//! What this process has used so far, where the system tells.

use std::fs;

/// Seconds of all its threads on a processor.
pub fn cpu_seconds() -> Option<f64> {
    let time = cpu_time::ProcessTime::try_now().ok()?;
    Some(time.as_duration().as_secs_f64())
}

/// The most memory it has held at one time, in MiB: from Linux's `/proc`.
pub fn peak_mib() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kib / 1024.0)
}
