//! How long the program takes from its start to ready on an existing database, and how much memory it holds when idle.
//!
//! `cargo bench --bench start` prints both. The memory is `VmRSS` of `/proc`, so it is told on Linux only.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a bench that cannot run says why and ends")]

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

fn ready(address: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else { return false };
    let asked = stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n");
    let mut answer = String::new();
    asked.is_ok() && stream.read_to_string(&mut answer).is_ok() && answer.starts_with("HTTP/1.1 200")
}

fn main() {
    let folder = std::env::temp_dir().join(format!("rostrum-bench-{}", std::process::id()));
    let rostrum = |listen: SocketAddr| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rostrum"));
        command.env_remove("DATABASE_URL").env("ROSTRUM_DATA_DIR", &folder).env("ROSTRUM_LISTEN", listen.to_string());
        command.stderr(Stdio::null()).stdout(Stdio::null());
        command
    };
    let free = || TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
    let migrated = rostrum(free()).arg("migrate").status().expect("the program starts");
    assert!(migrated.success(), "the database was made");
    let mut times = Vec::new();
    let mut memory = None;
    for _ in 0..5 {
        let address = free();
        let since = Instant::now();
        let mut child = rostrum(address).arg("serve").spawn().expect("the program starts");
        while !ready(address) {
            assert!(since.elapsed() < Duration::from_secs(30), "the program became ready");
            std::thread::sleep(Duration::from_millis(2));
        }
        times.push(since.elapsed());
        std::thread::sleep(Duration::from_secs(2));
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        memory = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).map(|line| line.trim().to_owned());
        child.kill().expect("it was running");
        child.wait().expect("it was ours");
    }
    times.sort();
    println!("start to ready on an existing database: {:?} median of five, {:?} worst", times[2], times[4]);
    println!("resident memory after two idle seconds: {}", memory.as_deref().unwrap_or("not told on this system"));
    // The folder is of this run alone; what is left of it harms nobody.
    let _ = std::fs::remove_dir_all(&folder);
}
