//! A store on each database for every test: SQLite in a fresh folder, PostgreSQL as a fresh database of one
//! server that the tests start themselves.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use store::{DatabaseUrl, Store};

/// Writes each test twice, once for each database.
#[macro_export]
macro_rules! both_databases {
    ($($(#[$meta:meta])* async fn $name:ident($store:ident: Store) $body:block)+) => {
        mod on_sqlite {
            use super::*;
            $($(#[$meta])* #[tokio::test] async fn $name() {
                let (_folder, $store) = $crate::databases::sqlite().await;
                $body
            })+
        }
        mod on_postgres {
            use super::*;
            $($(#[$meta])* #[tokio::test] async fn $name() {
                let $store = $crate::databases::postgres().await;
                $body
            })+
        }
    };
}

/// A store in a fresh SQLite file; the folder goes when it is dropped.
pub(crate) async fn sqlite() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&DatabaseUrl::Sqlite(folder.path().join("studio.db"))).await.unwrap();
    (folder, store)
}

/// A store in a fresh database of this process's PostgreSQL server.
pub(crate) async fn postgres() -> Store {
    Store::open(&postgres_url().parse().unwrap()).await.unwrap()
}

/// Where a fresh database of this process's PostgreSQL server is.
pub(crate) fn postgres_url() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    static SERVER: OnceLock<Server> = OnceLock::new();
    let server = SERVER.get_or_init(Server::start);
    let name = format!("echo_{}", NEXT.fetch_add(1, Ordering::Relaxed));
    server.run("createdb", &["--host", &server.socket(), "--username", "echo", &name]);
    server.url(&name)
}

/// PostgreSQL will not run as root, so it runs as the user that its package made.
struct Server {
    programs: PathBuf,
    folder: PathBuf,
    as_user: Option<&'static str>,
}

impl Server {
    fn start() -> Self {
        let programs = programs().expect("PostgreSQL is not installed: on Debian, apt-get install postgresql (or: cargo xtask test)");
        let root = String::from_utf8(Command::new("id").arg("-u").output().unwrap().stdout).unwrap().trim() == "0";
        let folder = tempfile::Builder::new().prefix("echo-pg-").tempdir().unwrap().keep();
        let server = Self { programs, folder, as_user: root.then_some("postgres") };
        if let Some(user) = server.as_user {
            assert!(Command::new("chown").arg(user).arg(&server.folder).status().unwrap().success());
        }
        let data = server.folder.join("data").display().to_string();
        server.run(
            "initdb",
            &["--pgdata", &data, "--username", "echo", "--auth", "trust", "--no-sync", "--encoding", "UTF8", "--locale", "C"],
        );
        // No TCP at all: only this machine, only through the folder.
        let options = format!("-c listen_addresses= -c unix_socket_directories={} -c fsync=off -c max_connections=400", server.socket());
        server.run("pg_ctl", &["--pgdata", &data, "--log", &format!("{data}/log"), "--options", &options, "--wait", "start"]);
        server.stop_with_this_process();
        server
    }

    fn socket(&self) -> String {
        self.folder.display().to_string()
    }

    fn url(&self, database: &str) -> String {
        let socket: String = self.socket().replace('/', "%2F");
        format!("postgres://echo@{socket}/{database}")
    }

    fn command(&self, program: &str) -> Command {
        let program = self.programs.join(program);
        match self.as_user {
            Some(user) => {
                let mut command = Command::new("runuser");
                command.args(["-u", user, "--"]).arg(program);
                command
            }
            None => Command::new(program),
        }
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        // A server that inherited a pipe would keep it open, and waiting for its end would take for ever.
        let status = self.command(program).args(arguments).current_dir("/").stdout(Stdio::null()).stdin(Stdio::null()).status().unwrap();
        assert!(status.success(), "{program} ended with {status}");
    }

    /// A static is never dropped, so a shell beside us ends the server when this process is gone: it reads
    /// from a pipe that only we hold.
    #[expect(clippy::zombie_processes, reason = "the shell outlives this process by design")]
    fn stop_with_this_process(&self) {
        let wait = format!(
            "cat; {} --pgdata {}/data --mode immediate stop; rm -rf {}",
            self.programs.join("pg_ctl").display(),
            self.folder.display(),
            self.folder.display()
        );
        let mut shell = match self.as_user {
            Some(user) => {
                let mut command = Command::new("runuser");
                command.args(["-u", user, "--", "sh", "-c"]);
                command
            }
            None => {
                let mut command = Command::new("sh");
                command.arg("-c");
                command
            }
        };
        let shell = shell.arg(wait).current_dir("/").stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::mem::forget(shell.stdin);
    }
}

/// Where the server's programs are: Debian keeps them out of the `PATH`.
fn programs() -> Option<PathBuf> {
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|version| version.path().join("bin"));
    let on_path = std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect::<Vec<_>>()).unwrap_or_default();
    debian.chain(on_path).filter(|folder| is_complete(folder)).max()
}

fn is_complete(folder: &Path) -> bool {
    ["initdb", "pg_ctl", "createdb"].iter().all(|program| folder.join(program).exists())
}
