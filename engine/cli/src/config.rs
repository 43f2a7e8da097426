//! What the arguments mean: flag before environment before tidegate.toml before default.

mod file;
mod lane;
mod serving;
mod transport;

pub(crate) use serving::Serving;
pub(crate) use transport::{Kafka, Transport};

use model::{Market, ProgramId};
use runtime::Threads;
use serde::Serialize;
use std::path::{Path, PathBuf};

use crate::args::{OutputForm, Typed};
use crate::config::file::File;
use crate::config::lane::Lane;
use crate::data;
use crate::failure::Failure;
use crate::origin::{FromEnvironment, Origin};
use crate::print;

/// Where settings are looked for when `--config` names nothing.
const DEFAULT_FILE: &str = "tidegate.toml";

/// More threads than this only wait for one another.
const THREADS_MAX: usize = 256;

/// The keys of tidegate.toml that stand in no table; each is also a flag and a variable.
const PLAIN_KEYS: [&str; 8] = ["rules", "state", "data", "output", "threads", "chunk", "program", "market"];

/// Every setting that a flag or a variable can give, by the name of its argument.
pub(crate) fn keys() -> Vec<&'static str> {
    PLAIN_KEYS.into_iter().chain(lane::KEYS).chain(serving::KEYS).collect()
}

/// Those among them that every command understands; the others only where they are of use.
pub(crate) fn common_keys() -> Vec<&'static str> {
    PLAIN_KEYS.into_iter().filter(|key| *key != "data").chain(lane::KEYS).collect()
}

/// Whether a setting stands in the table `[lane]`.
pub(crate) fn is_of_the_lane(key: &str) -> bool {
    lane::KEYS.contains(&key)
}

/// The settings in force.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    /// The folder with the rules.
    pub rules: PathBuf,
    /// The folder that keeps what a run leaves behind.
    pub state: PathBuf,
    /// The folder of the lane's store, if one was named.
    pub data: Option<PathBuf>,
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
    /// How a lane is served.
    pub run: Serving,
    /// What the lane stands on.
    pub transport: Transport,
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
    /// Nothing, where nobody said anything and there is no default.
    value: Option<toml::Value>,
    from: String,
}

impl Config {
    /// Resolves the settings.
    pub(crate) fn resolve(
        named: Option<&Path>,
        typed: Typed,
        environment: &FromEnvironment,
    ) -> Result<Config, Failure> {
        let path = named
            .map(Path::to_path_buf)
            .or_else(|| Some(DEFAULT_FILE.into()).filter(|p: &PathBuf| p.exists()));
        let file = path.as_deref().map(File::read).transpose()?.unwrap_or_default();
        let origins = origins(&typed, &file, environment);
        let Typed { common, data, run } = typed;
        let program = common.program.or(file.program).unwrap_or_else(|| "main".into());
        let market = common.market.or(file.market).unwrap_or_else(|| "main".into());
        Ok(Config {
            rules: common.rules.or(file.rules).unwrap_or_else(|| "rules".into()),
            state: common.state.or(file.state).unwrap_or_else(|| ".tidegate".into()),
            data: data.or(file.data),
            output: common.output.or(file.output).unwrap_or(OutputForm::Table),
            threads: at_most(common.threads.or(file.threads).unwrap_or(0))?,
            chunk: at_least_one(common.chunk.or(file.chunk).unwrap_or(runtime::CHUNK_RECORDS))?,
            program: ProgramId::new(&program).map_err(|e| Failure::usage(format!("`program`: {e}")))?,
            market: Market::new(&market).map_err(|e| Failure::usage(format!("`market`: {e}")))?,
            lane: Lane::resolve(&common.lane, file.lane)?,
            run: Serving::resolve(run, file.run)?,
            transport: Transport::resolve(file.transport)?,
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
                    let value = setting.value.as_ref().map_or(String::new(), plain);
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
            let said = match setting.value {
                Some(value) => format!("{} = {value}", setting.key),
                None => format!("# {} is not set", setting.key),
            };
            text += &format!("{said:<36} # {}{}\n", setting.from, note(setting.key));
        }
        text
    }

    /// Every setting in force, in the order of [`keys`], and what the lane stands on.
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
            text(&self.data.as_deref().unwrap_or(Path::new(data::DEFAULT_FOLDER)).display()),
            text(&output),
            whole(threads),
            whole(self.chunk),
            text(&self.program),
            text(&self.market),
        ];
        let plain = PLAIN_KEYS.into_iter().zip(values).map(|(key, value)| (None, key, Some(value)));
        let lane = self.lane.values().into_iter();
        let lane = lane.map(|(key, value)| (Some("lane"), key, Some(toml::Value::String(value))));
        let run = self.run.values().into_iter().map(|(key, value)| (Some("run"), key, value));
        let setting = |((table, key, value), origin): ((Option<&'static str>, _, _), &Origin)| Setting {
            table,
            key,
            value,
            from: origin.told(key, self.file.as_deref()),
        };
        let transport = self
            .transport
            .values()
            .into_iter()
            .map(|(key, value, origin)| setting(((Some("transport"), key, value), &origin)));
        plain.chain(lane).chain(run).zip(&self.origins).map(setting).chain(transport).collect()
    }
}

/// What a setting needs said of it.
fn note(key: &str) -> &'static str {
    match key {
        "threads" => "; 0 is one a core",
        "chunk" => "; records decided at once, never shows in an output",
        _ if lane::KEYS.contains(&key) => lane::note(key),
        _ => serving::note(key),
    }
}

/// Where each comes from, in the order of [`keys`].
fn origins(typed: &Typed, file: &File, environment: &FromEnvironment) -> Vec<Origin> {
    let common = &typed.common;
    let mut origins = vec![
        environment.origin("rules", common.rules.as_ref(), file.rules.as_ref()),
        environment.origin("state", common.state.as_ref(), file.state.as_ref()),
        environment.origin("data", typed.data.as_ref(), file.data.as_ref()),
        environment.origin("output", common.output.as_ref(), file.output.as_ref()),
        environment.origin("threads", common.threads.as_ref(), file.threads.as_ref()),
        environment.origin("chunk", common.chunk.as_ref(), file.chunk.as_ref()),
        environment.origin("program", common.program.as_ref(), file.program.as_ref()),
        environment.origin("market", common.market.as_ref(), file.market.as_ref()),
    ];
    origins.extend(lane::origins(&common.lane, &file.lane, environment));
    origins.extend(serving::origins(&typed.run, &file.run, environment));
    origins
}

/// A value without the marks of TOML around a text.
fn plain(value: &toml::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn at_most(threads: usize) -> Result<Threads, Failure> {
    match threads {
        0 => Ok(Threads::All),
        count @ ..=THREADS_MAX => Ok(Threads::Exactly(count)),
        count => Err(Failure::usage(format!("`threads` is {count}; at most {THREADS_MAX} make sense"))),
    }
}

fn at_least_one(chunk: usize) -> Result<usize, Failure> {
    if chunk == 0 { Err(Failure::usage("`chunk` must be at least 1".into())) } else { Ok(chunk) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(text: &str) -> Result<Config, Failure> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tidegate.toml");
        std::fs::write(&path, text).unwrap();
        Config::resolve(Some(&path), Typed::default(), &FromEnvironment::default())
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
}
