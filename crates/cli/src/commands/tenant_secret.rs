//! Where the secret of a new tenant goes: a private file or the standard input of a command.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use clap::Args;

use crate::failure::Failure;
use crate::files;

#[derive(Args)]
#[group(required = true, multiple = false)]
pub(crate) struct SecretArguments {
    /// New file for the secret, as JSON; only its owner can read it
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// Shell command that reads the secret as JSON from its standard input
    #[arg(long, value_name = "COMMAND")]
    secret_command: Option<String>,
}

/// Stores one secret.
pub(crate) struct SecretSink {
    target: Target,
    tenant: String,
    place: String,
}

enum Target {
    File(File, PathBuf),
    Command(String),
}

impl SecretSink {
    /// Opens the target before there is a secret, so that an error prevents its creation.
    pub(crate) fn open(arguments: &SecretArguments, tenant: &str) -> Result<Self, Failure> {
        let (target, place) = match (&arguments.secret_file, &arguments.secret_command) {
            (Some(path), _) => {
                let file = files::private().write(true).create_new(true).open(path);
                let file = file.map_err(|error| {
                    Failure::usage(format!(
                        "{}: expected a new file for the secret ({error})",
                        path.display()
                    ))
                })?;
                let place = format!("in {}", path.display());
                (Target::File(file, path.clone()), place)
            }
            (None, Some(command)) => (
                Target::Command(command.clone()),
                "by the command".to_owned(),
            ),
            (None, None) => {
                return Err(Failure::usage("expected --secret-file or --secret-command"));
            }
        };
        let tenant = tenant.to_owned();
        Ok(Self {
            target,
            tenant,
            place,
        })
    }

    /// Where the secret is.
    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    /// Removes the new file, because there is no secret.
    pub(crate) fn discard(&self) {
        if let Target::File(_, path) = &self.target {
            let _ = std::fs::remove_file(path);
        }
    }

    /// Stores the secret, in a fallback file if the target fails.
    pub(crate) fn store(&mut self, secret: &[u8]) -> Result<(), Failure> {
        let stored = match &mut self.target {
            // The directory too: without its entry, the file is lost in a power failure.
            Target::File(file, path) => file
                .write_all(secret)
                .and_then(|()| file.sync_all())
                .and_then(|()| files::sync_directory_of(path)),
            Target::Command(command) => pipe(command, secret),
        };
        let Err(error) = stored else {
            return Ok(());
        };
        let tenant = &self.tenant;
        let failed = format!(
            "{tenant} was created, but storing its secret {} failed ({error})",
            self.place
        );
        match fallback(tenant, secret) {
            Ok(path) => {
                let path = path.display();
                Err(Failure::partial(format!(
                    "{failed}; the secret is in {path}"
                )))
            }
            Err(error) => Err(Failure::partial(format!(
                "{failed}, and so did a file for it ({error}): rotate the secret of its management client"
            ))),
        }
    }
}

fn fallback(tenant: &str, secret: &[u8]) -> io::Result<PathBuf> {
    let mut file = tempfile::Builder::new()
        .prefix(&format!("auth0-teams-{tenant}-"))
        .suffix(".secret")
        .tempfile()?;
    file.write_all(secret)?;
    file.as_file().sync_all()?;
    let (_, path) = file.keep().map_err(|error| error.error)?;
    // The secret is in the file, whether or not its directory could be synced.
    let _ = files::sync_directory_of(&path);
    Ok(path)
}

/// Runs a shell command with `secret` as its standard input.
fn pipe(command: &str, secret: &[u8]) -> io::Result<()> {
    let (shell, flag) = if cfg!(windows) {
        ("cmd", "/C")
    } else {
        ("sh", "-c")
    };
    let mut child = Command::new(shell)
        .args([flag, command])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()?;
    let written = child
        .stdin
        .take()
        .map_or(Ok(()), |mut input| input.write_all(secret));
    let status = child.wait()?;
    written?;
    if status.success() {
        return Ok(());
    }
    Err(io::Error::other(format!("the command ended with {status}")))
}
