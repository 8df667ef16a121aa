//! The commands.

use std::net::TcpListener;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use rostrum::commands::{bootstrap, demo, doctor, matching};
use rostrum::config::Settings;
use rostrum::service::app::Clock;
use rostrum::{startup, telemetry};

/// Staffs and schedules what a college career office puts on.
#[derive(Parser)]
#[command(
    name = "rostrum",
    version,
    about,
    after_help = "Settings come from the environment; `rostrum doctor` lists them."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API, the pages and the calendar feeds, and send letters.
    Serve,
    /// Bring the database up to date and exit.
    Migrate,
    /// Make a campus with its members and print their ids and tokens as JSON.
    Bootstrap(bootstrap::Flags),
    /// Show the whole story on a database of its own, then go on serving it. Reads no settings.
    Demo(demo::Flags),
    /// Make the best plan for a season in a file, with the proof of how good it is; or check both. Reads no settings.
    Match(matching::Flags),
    /// Check the settings, the database, the way out for letters and the time-zone tables.
    Doctor,
}

fn main() -> ExitCode {
    match Cli::parse().command {
        // It reckons and reads files; it needs no runtime.
        Command::Match(flags) => ended(matching::run(&flags).map_err(Into::into)),
        command => actix_web::rt::System::new().block_on(run(command)),
    }
}

async fn run(command: Command) -> ExitCode {
    ended(match command {
        Command::Doctor => return doctor::run().await,
        Command::Demo(flags) => demo::run(flags.folder, flags.listen, flags.once).await,
        command => match Settings::from_env() {
            Ok(settings) => with_settings(command, settings).await,
            Err(faults) => {
                for fault in &faults {
                    eprintln!("rostrum: {fault}");
                }
                return ExitCode::from(2);
            }
        },
    })
}

fn ended(done: Result<(), Box<dyn std::error::Error>>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("rostrum: {fault}");
            ExitCode::FAILURE
        }
    }
}

async fn with_settings(command: Command, settings: Settings) -> Result<(), Box<dyn std::error::Error>> {
    telemetry::start(&settings);
    match command {
        Command::Serve => serve(&settings).await,
        Command::Migrate => {
            let applied = startup::migrate(&settings.database)?;
            match applied.as_slice() {
                [] => println!("The database is up to date."),
                applied => println!("Applied {}.", applied.join(", ")),
            }
            Ok(())
        }
        Command::Bootstrap(flags) => bootstrap::run(&settings, flags).await,
        // They were taken care of before the settings were read.
        Command::Doctor | Command::Demo(_) | Command::Match(_) => Ok(()),
    }
}

async fn serve(settings: &Settings) -> Result<(), Box<dyn std::error::Error>> {
    let applied = startup::migrate(&settings.database)?;
    if !applied.is_empty() {
        tracing::info!(migrations = applied.join(", "), "the database was brought up to date");
    }
    let app = startup::app(settings, Clock::System, startup::transport(settings)?)?;
    doctor::warn_of_zones(&app).await;
    let listener = TcpListener::bind(settings.listen).map_err(|fault| format!("{}: {fault}", settings.listen))?;
    let running = startup::serve(app, listener, settings.workers, true)?;
    tracing::info!(address = %running.address, site = settings.site.base_url, database = ?settings.database, "ready");
    startup::told_to_stop().await?;
    tracing::info!("stopping: finishing what is under way");
    running.stop().await;
    tracing::info!("stopped");
    Ok(())
}
