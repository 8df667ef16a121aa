//! A real mail relay for tests: Debian's `python3-aiosmtpd` behind STARTTLS and AUTH, with a certificate of its own.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use rostrum::mail::{smtp::SmtpSettings, transport::Transport};
use serde_json::Value;

const SERVER: &str = include_str!("smtp_server.py");

/// A running relay; it ends with this value.
pub struct Relay {
    server: Child,
    port: u64,
    folder: PathBuf,
    events: Arc<Mutex<Vec<Value>>>,
}

impl Relay {
    /// Starts a relay on a free loopback port.
    pub fn start() -> Self {
        let folder = std::env::temp_dir().join(format!("rostrum-relay-{}", uuid::Uuid::now_v7()));
        fs::create_dir_all(&folder).unwrap();
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate =
            rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap().self_signed(&key).unwrap();
        fs::write(folder.join("cert.pem"), certificate.pem()).unwrap();
        fs::write(folder.join("key.pem"), key.serialize_pem()).unwrap();
        fs::write(folder.join("server.py"), SERVER).unwrap();
        let mut server = Command::new("/usr/bin/python3")
            .args([folder.join("server.py"), folder.join("cert.pem"), folder.join("key.pem")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("/usr/bin/python3 with the package python3-aiosmtpd");
        let mut lines = BufReader::new(server.stdout.take().unwrap()).lines().map_while(Result::ok);
        let first = lines.next().expect("the relay starts; is python3-aiosmtpd installed?");
        let port = serde_json::from_str::<Value>(&first).unwrap()["port"].as_u64().unwrap();
        let events = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&events);
        thread::spawn(move || {
            for line in lines {
                heard.lock().unwrap().push(serde_json::from_str(&line).unwrap());
            }
        });
        Self { server, port, folder, events }
    }

    /// The address for `ROSTRUM_MAIL_URL` and the like, with the right login.
    pub fn url(&self) -> String {
        format!("smtp://rostrum:p%3Aw%2Fd%20%25@127.0.0.1:{}?tls=required", self.port)
    }

    /// The address with another login, `user:password`, or none.
    pub fn url_as(&self, login: &str) -> String {
        format!("smtp://{login}127.0.0.1:{}?tls=required", self.port)
    }

    /// The root certificate that the relay's own hangs from.
    pub fn ca(&self) -> PathBuf {
        self.folder.join("cert.pem")
    }

    /// How to reach this relay, with little patience.
    pub fn settings(&self) -> SmtpSettings {
        SmtpSettings {
            ca: Some(self.ca()),
            patience: Duration::from_secs(5),
            ..SmtpSettings::new(self.url().parse().unwrap())
        }
    }

    /// A transport to this relay.
    pub fn transport(&self) -> Transport {
        Transport::smtp(self.settings()).unwrap()
    }

    /// What arrived so far, once at least `count` messages have; fewer after ten seconds.
    pub fn messages(&self, count: usize) -> Vec<Value> {
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            let found = self.events_named("message");
            if found.len() >= count || Instant::now() > deadline {
                return found;
            }
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// How many connections were made.
    pub fn connections(&self) -> usize {
        self.events_named("connection").len()
    }

    fn events_named(&self, name: &str) -> Vec<Value> {
        self.events.lock().unwrap().iter().filter(|event| event["event"] == name).cloned().collect()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}
