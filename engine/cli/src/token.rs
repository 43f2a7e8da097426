//! `tidegate token`: make, list and revoke the tokens that clients of a lane show.

use console::Scope;
use model::{EventTime, Span};

use crate::args::{Data, OutputForm, Token};
use crate::config::Config;
use crate::data::now;
use crate::failure::Failure;
use crate::holds::{span, time};
use crate::print;
use crate::table::table;

/// Runs the command.
pub(crate) fn run(command: &Token, config: &Config) -> Result<(), Failure> {
    match command {
        Token::Create { data, identity, scopes, expires } => {
            let life = expires.as_deref().map(span).transpose()?;
            if life.is_some_and(|life| life <= Span::ZERO) {
                return Err(Failure::usage(
                    "a token that has expired is good for nothing; give it some time".into(),
                ));
            }
            let expires = life.map(|life| now().plus(life));
            create(data, identity, scopes, expires, config)
        }
        Token::List(data) => list(data, config),
        Token::Revoke { data, token_id } => revoke(data, token_id),
    }
}

fn create(
    data: &Data,
    identity: &str,
    scopes: &[String],
    expires: Option<EventTime>,
    config: &Config,
) -> Result<(), Failure> {
    if let Some(unknown) = scopes.iter().find(|scope| Scope::named(scope).is_none()) {
        return Err(Failure::usage(format!(
            "`{unknown}` is no scope; give kinds of events, `producer`, `finance` or `risk` for all of theirs, \
             `read` or `ruleset`"
        )));
    }
    let token = data.written(data.operator()?.create_token(identity, scopes, now(), expires))?;
    match config.output {
        OutputForm::Json => print::out(&print::json(&token)?),
        OutputForm::Table | OutputForm::Csv => {
            print::out(&format!("{}\n", token.token))?;
            print::note("it is shown this once; keep it where secrets are kept");
            Ok(())
        }
    }
}

fn list(data: &Data, config: &Config) -> Result<(), Failure> {
    let tokens = data.answered(data.read()?.tokens())?;
    let now_ms = now().as_ms();
    let cells = |token: &connector::store::queries::TokenView| {
        let expires = token.expires_at.map(time).unwrap_or_default();
        let state = match (token.revoked_at, token.expires_at) {
            (Some(_), _) => "revoked",
            (None, Some(at)) if at <= now_ms => "expired",
            (None, Some(_) | None) => "good",
        };
        [token.token_id.clone(), token.identity.clone(), token.scopes.join(" "), expires, state.to_owned()]
    };
    match config.output {
        OutputForm::Json => print::out(&print::json(&tokens)?),
        OutputForm::Csv => print::out(&print::csv_text(|csv| {
            csv.write_record(["token_id", "identity", "scopes", "expires", "state"])?;
            tokens.iter().try_for_each(|token| csv.write_record(cells(token)))
        })?),
        OutputForm::Table => {
            let mut rows = table(&["token", "identity", "scopes", "expires", "state"]);
            for token in &tokens {
                rows.add_row(cells(token));
            }
            print::tell(&format!("{rows}\n"))
        }
    }
}

fn revoke(data: &Data, token_id: &str) -> Result<(), Failure> {
    if data.written(data.operator()?.revoke_token(token_id, now()))? {
        print::note(&format!("{token_id} is revoked; a running service hears of it within a second"));
        return Ok(());
    }
    Err(Failure::usage(format!("there is no good token `{token_id}`; `tidegate token list` names them")))
}
