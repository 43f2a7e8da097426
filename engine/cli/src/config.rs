//! What the arguments mean: flag before environment before tidegate.toml before default.

mod lane;

use model::{Market, ProgramId};
use runtime::Threads;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

use crate::args::{Common, OutputForm};
use crate::config::lane::Lane;
use crate::failure::Failure;
use crate::origin::{FromEnvironment, Origin};
use crate::print;

/// Where settings are looked for when `--config` names nothing.
const DEFAULT_FILE: &str = "tidegate.toml";

/// More threads than this only wait for one another.
const THREADS_MAX: usize = 256;

/// The keys of tidegate.toml that stand in no table; each is also a flag and a variable.
const PLAIN_KEYS: [&str; 7] = ["rules", "state", "output", "threads", "chunk", "program", "market"];

/// Every setting that a flag or a variable can give, by the name of its argument.
pub(crate) fn keys() -> Vec<&'static str> {
    PLAIN_KEYS.into_iter().chain(lane::KEYS).collect()
}

/// Whether a setting stands in the table `[lane]`.
pub(crate) fn is_of_the_lane(key: &str) -> bool {
    lane::KEYS.contains(&key)
}

/// tidegate.toml as written.
#[derive(Debug, Default, Deserialize)]
struct File {
    rules: Option<PathBuf>,
    state: Option<PathBuf>,
    output: Option<OutputForm>,
    threads: Option<usize>,
    chunk: Option<usize>,
    program: Option<String>,
    market: Option<String>,
    #[serde(default)]
    lane: crate::args::Lane,
}

/// The settings in force.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    /// The folder with the rules.
    pub rules: PathBuf,
    /// The folder that keeps what a run leaves behind.
    pub state: PathBuf,
    /// How results are printed.
    pub output: OutputForm,
    /// Threads that decide.
    pub threads: Threads,
    /// Records decided at once.
    pub chunk: usize,
    /// Program of events that name none.
    pub program: ProgramId,
    /// Market of events that name none.
    pub market: Market,
    /// What is fixed for the life of a log that begins here.
    pub lane: Lane,
    /// The file that was read, if any.
    pub file: Option<PathBuf>,
    /// Where each comes from, in the order of [`keys`].
    origins: Vec<Origin>,
}

/// A setting as `config print` shows it.
#[derive(Debug, Serialize)]
struct Setting {
    /// The table of tidegate.toml that it stands in.
    #[serde(skip_serializing_if = "Option::is_none")]
    table: Option<&'static str>,
    key: &'static str,
    value: toml::Value,
    from: String,
}

impl Config {
    /// Resolves the settings.
    pub(crate) fn resolve(
        named: Option<&Path>,
        typed: &Common,
        environment: &FromEnvironment,
    ) -> Result<Config, Failure> {
        let path = named
            .map(Path::to_path_buf)
            .or_else(|| Some(DEFAULT_FILE.into()).filter(|p: &PathBuf| p.exists()));
        let file = path.as_deref().map(read).transpose()?.unwrap_or_default();
        let mut origins = vec![
            environment.origin("rules", typed.rules.as_ref(), file.rules.as_ref()),
            environment.origin("state", typed.state.as_ref(), file.state.as_ref()),
            environment.origin("output", typed.output.as_ref(), file.output.as_ref()),
            environment.origin("threads", typed.threads.as_ref(), file.threads.as_ref()),
            environment.origin("chunk", typed.chunk.as_ref(), file.chunk.as_ref()),
            environment.origin("program", typed.program.as_ref(), file.program.as_ref()),
            environment.origin("market", typed.market.as_ref(), file.market.as_ref()),
        ];
        origins.extend(lane::origins(&typed.lane, &file.lane, environment));
        let threads = match typed.threads.or(file.threads).unwrap_or(0) {
            0 => Threads::All,
            count @ ..=THREADS_MAX => Threads::Exactly(count),
            count => {
                return Err(Failure::usage(format!(
                    "`threads` is {count}; at most {THREADS_MAX} make sense"
                )));
            }
        };
        let program = typed.program.clone().or(file.program).unwrap_or_else(|| "main".into());
        let market = typed.market.clone().or(file.market).unwrap_or_else(|| "main".into());
        Ok(Config {
            rules: typed.rules.clone().or(file.rules).unwrap_or_else(|| "rules".into()),
            state: typed.state.clone().or(file.state).unwrap_or_else(|| ".tidegate".into()),
            output: typed.output.or(file.output).unwrap_or(OutputForm::Table),
            threads,
            chunk: at_least_one(typed.chunk.or(file.chunk).unwrap_or(runtime::CHUNK_RECORDS))?,
            program: ProgramId::new(&program).map_err(|e| Failure::usage(format!("`program`: {e}")))?,
            market: Market::new(&market).map_err(|e| Failure::usage(format!("`market`: {e}")))?,
            lane: Lane::resolve(&typed.lane, file.lane)?,
            file: path,
            origins,
        })
    }

    /// The settings in the form that they ask for: a tidegate.toml for people.
    pub(crate) fn print(&self) -> Result<String, Failure> {
        match self.output {
            OutputForm::Table => Ok(self.toml()),
            OutputForm::Json => print::json(&self.settings()),
            OutputForm::Csv => print::csv_text(|csv| {
                csv.write_record(["table", "key", "value", "from"])?;
                for setting in self.settings() {
                    let value = setting.value.as_str().map_or(setting.value.to_string(), str::to_owned);
                    let table = setting.table.unwrap_or_default();
                    csv.write_record([table, setting.key, &value, &setting.from])?;
                }
                Ok(())
            }),
        }
    }

    fn toml(&self) -> String {
        let file = self.file.as_ref();
        let source =
            file.map_or("no tidegate.toml was found".into(), |path| format!("read {}", path.display()));
        let mut text = format!("# {source}; flags and TIDEGATE_* variables come first\n");
        let mut table = None;
        for setting in self.settings() {
            if let Some(name) = setting.table.filter(|_| setting.table != table) {
                text += &format!("\n[{name}]\n");
            }
            table = setting.table;
            let said = format!("{} = {}", setting.key, setting.value);
            text += &format!("{said:<36} # {}{}\n", setting.from, note(setting.key));
        }
        text
    }

    /// Every setting in force, in the order of [`keys`].
    fn settings(&self) -> Vec<Setting> {
        let threads = match self.threads {
            Threads::All => 0,
            Threads::Exactly(count) => count,
        };
        let output = match self.output {
            OutputForm::Table => "table",
            OutputForm::Json => "json",
            OutputForm::Csv => "csv",
        };
        let whole = |count: usize| toml::Value::Integer(i64::try_from(count).unwrap_or(i64::MAX));
        let text = |text: &dyn std::fmt::Display| toml::Value::String(text.to_string());
        let values = [
            text(&self.rules.display()),
            text(&self.state.display()),
            text(&output),
            whole(threads),
            whole(self.chunk),
            text(&self.program),
            text(&self.market),
        ];
        let plain = PLAIN_KEYS.into_iter().zip(values).map(|(key, value)| (None, key, value));
        let lane = self.lane.values().into_iter();
        let lane = lane.map(|(key, value)| (Some("lane"), key, toml::Value::String(value)));
        let setting = |((table, key, value), origin): ((Option<&'static str>, _, _), &Origin)| Setting {
            table,
            key,
            value,
            from: origin.told(key, self.file.as_deref()),
        };
        plain.chain(lane).zip(&self.origins).map(setting).collect()
    }
}

/// What a setting needs said of it.
fn note(key: &str) -> &'static str {
    match key {
        "threads" => "; 0 is one a core",
        "chunk" => "; records decided at once, never shows in an output",
        _ => lane::note(key),
    }
}

fn at_least_one(chunk: usize) -> Result<usize, Failure> {
    if chunk == 0 { Err(Failure::usage("`chunk` must be at least 1".into())) } else { Ok(chunk) }
}

fn read(path: &Path) -> Result<File, Failure> {
    let text = std::fs::read_to_string(path).map_err(|e| Failure::input(path, &e))?;
    let table: toml::Table = text.parse().map_err(|e| Failure::usage(format!("{}: {e}", path.display())))?;
    let known: Vec<&str> = PLAIN_KEYS.into_iter().chain(["lane"]).collect();
    if let Some(unknown) = table.keys().find(|key| !known.contains(&key.as_str())) {
        let nearest = crate::failure::nearest(unknown, "keys", &known);
        return Err(Failure::usage(format!("{}: unknown key `{unknown}`{nearest}", path.display())));
    }
    let lane = table.get("lane").and_then(toml::Value::as_table).map_or(Ok(()), lane::only_known);
    lane.map_err(|what| Failure::usage(format!("{}: {what}", path.display())))?;
    toml::from_str(&text).map_err(|e| Failure::usage(format!("{}: {e}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(text: &str) -> Result<Config, Failure> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tidegate.toml");
        std::fs::write(&path, text).unwrap();
        Config::resolve(Some(&path), &Common::default(), &FromEnvironment::default())
    }

    #[test]
    fn an_unknown_key_is_refused_with_the_nearest_name() {
        let message = with("ruels = \"x\"").unwrap_err().to_string();
        assert!(message.contains("unknown key `ruels`") && message.contains("`rules`"), "{message}");
    }

    #[test]
    fn what_is_printed_reads_back_as_the_same_settings() {
        let first = with("threads = 3\nmarket = \"de\"").unwrap();
        let second = with(&first.print().unwrap()).unwrap();
        let values = |config: &Config| config.settings().into_iter().map(|s| s.value).collect::<Vec<_>>();
        assert_eq!(values(&first), values(&second));
        assert_eq!(second.threads, Threads::Exactly(3));
    }

    #[test]
    fn a_flag_comes_before_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tidegate.toml");
        std::fs::write(&path, "chunk = 5").unwrap();
        let typed = Common { chunk: Some(7), ..Common::default() };
        assert_eq!(Config::resolve(Some(&path), &typed, &FromEnvironment::default()).unwrap().chunk, 7);
    }
}
