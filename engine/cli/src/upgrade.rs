//! `tidegate upgrade`: brings the store of an earlier version to this one, or says why that cannot be.

use connector::store::{Holder, OpenError, Store};
use runtime::{Head, Journal};

use crate::args::Data;
use crate::data::{now, unusable};
use crate::failure::Failure;
use crate::print;

/// Runs the command.
pub(crate) fn run(data: &Data) -> Result<(), Failure> {
    let folder = data.folder().display();
    match Store::read(data.folder()) {
        Ok(reader) => {
            understood(&data.answered(reader.head())?)?;
            print::note(&format!("there is nothing to do: {folder} is as this version wants it"));
            Ok(())
        }
        Err(OpenError::Older { found, known }) => {
            print::note(&format!(
                "migrating {folder} from schema {found} to {known}: killed, it begins anew"
            ));
            // Opening it to write migrates it, one version after the other, each whole or not at all.
            let store = Store::open(data.folder(), &Holder::here(now(), None)).map_err(unusable)?;
            understood(store.head())?;
            print::note(&format!("{folder} had schema {found}, and has schema {known} now"));
            Ok(())
        }
        Err(error) => Err(unusable(error)),
    }
}

/// Number 1 is the first, so that no log can be older: one that is not of this number is of a later build.
fn understood(head: &Head) -> Result<(), Failure> {
    let found = head.manifest.as_ref().map_or(model::SEMANTICS, |manifest| manifest.semantics);
    if found == model::SEMANTICS {
        return Ok(());
    }
    Err(Failure::unreadable(format!(
        "the log is decided under semantics {found}, and this build decides under {}; use a build of that number",
        model::SEMANTICS
    )))
}
