//! `tidegate token`: make, list and revoke the tokens that clients of a lane show.

use connector::store::{OpenError, Operator, Store};
use console::Scope;
use runtime::SteadyClock;
use std::path::Path;

use crate::args::{OutputForm, Token};
use crate::config::Config;
use crate::failure::Failure;
use crate::print;
use crate::table::table;

/// Runs the command.
pub(crate) fn run(command: &Token, config: &Config) -> Result<(), Failure> {
    match command {
        Token::Create { data, identity, scopes } => create(data, identity, scopes, config),
        Token::List { data } => list(data, config),
        Token::Revoke { data, token_id } => revoke(data, token_id),
    }
}

fn unusable(error: OpenError) -> Failure {
    Failure::unreadable(error.to_string())
}

fn create(data: &Path, identity: &str, scopes: &[String], config: &Config) -> Result<(), Failure> {
    if let Some(unknown) = scopes.iter().find(|scope| Scope::named(scope).is_none()) {
        return Err(Failure::usage(format!(
            "`{unknown}` is no scope; give kinds of events, `producer`, `finance` or `risk` for all of theirs, \
             `read` or `ruleset`"
        )));
    }
    let mut operator = Operator::open(data).map_err(unusable)?;
    let token = operator
        .create_token(identity, scopes, SteadyClock::start().now())
        .map_err(|error| Failure::output(&data.display(), &error))?;
    match config.output {
        OutputForm::Json => print::out(&print::json(&token)?),
        OutputForm::Table | OutputForm::Csv => {
            print::out(&format!("{}\n", token.token))?;
            print::note("it is shown this once; keep it where secrets are kept");
            Ok(())
        }
    }
}

fn list(data: &Path, config: &Config) -> Result<(), Failure> {
    let reader = Store::read(data).map_err(unusable)?;
    let tokens = reader.tokens().map_err(|error| Failure::input(data, &error))?;
    let cells = |token: &connector::store::queries::TokenView| {
        let state = if token.revoked_at.is_some() { "revoked" } else { "good" };
        [token.token_id.clone(), token.identity.clone(), token.scopes.join(" "), state.to_owned()]
    };
    match config.output {
        OutputForm::Json => print::out(&print::json(&tokens)?),
        OutputForm::Csv => print::out(&print::csv_text(|csv| {
            csv.write_record(["token_id", "identity", "scopes", "state"])?;
            tokens.iter().try_for_each(|token| csv.write_record(cells(token)))
        })?),
        OutputForm::Table => {
            let mut rows = table(&["token", "identity", "scopes", "state"]);
            for token in &tokens {
                rows.add_row(cells(token));
            }
            print::out(&format!("{rows}\n"))
        }
    }
}

fn revoke(data: &Path, token_id: &str) -> Result<(), Failure> {
    let mut operator = Operator::open(data).map_err(unusable)?;
    let revoked = operator.revoke_token(token_id, SteadyClock::start().now());
    if revoked.map_err(|error| Failure::output(&data.display(), &error))? {
        print::note(&format!("{token_id} is revoked; a running service hears of it within a second"));
        return Ok(());
    }
    Err(Failure::usage(format!("there is no good token `{token_id}`; `tidegate token list` names them")))
}
