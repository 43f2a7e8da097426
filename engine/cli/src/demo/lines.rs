//! The live demo where there is no terminal: plain lines.

use model::Span;
use runtime::Pace;
use std::time::Duration;

use crate::args::{Demo, OutputForm};
use crate::config::Config;
use crate::demo::feed::Entry;
use crate::demo::simulation::Simulation;
use crate::demo::stop::Stop;
use crate::failure::Failure;
use crate::print::{self, Reader};

/// How often the made-up time moves on.
const STEP: Duration = Duration::from_millis(200);
/// Verdicts printed of one step; the rest is counted.
const PRINTED_PER_STEP: usize = 5;

/// Shows the demo until it is stopped, or nobody reads any more.
pub(crate) fn show(simulation: &mut Simulation, args: &Demo, config: &Config) -> Result<(), Failure> {
    let (start, pace) = (simulation.now(), Pace::start(u64::from(args.lapse) * 1000));
    let stop = Stop::listen(args.stop_after)?;
    let mut seen = 0;
    while !stop.is_due() {
        std::thread::sleep(STEP);
        simulation.step(start.plus(Span::from_ms(i64::try_from(pace.event_ms()).unwrap_or(i64::MAX))))?;
        for entry in simulation.feed.since(seen).take(PRINTED_PER_STEP) {
            match print::offer(&line(entry, config.output)?)? {
                Reader::There => {}
                Reader::Gone => return Ok(()),
            }
        }
        seen = simulation.feed.taken;
    }
    Ok(())
}

fn line(entry: &Entry, form: OutputForm) -> Result<String, Failure> {
    match form {
        OutputForm::Json => print::json_line(entry),
        OutputForm::Table | OutputForm::Csv => Ok(format!(
            "{}  {:<9}  {}  {}  {}  {}\n",
            entry.at, entry.what, entry.about, entry.whose, entry.money, entry.why
        )),
    }
}
