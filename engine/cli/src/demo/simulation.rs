//! The made-up trade and the engine that decides it, step by step.

use connector::folder::{Draft, Recorder, VerdictFile};
use decider::{Decider, Effects};
use model::log::{Control, RecordBody};
use model::{EventTime, HashKey, Position, Record, Span};
use runtime::{Sink, Stopwatch, Threads};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::iter::Peekable;
use std::path::Path;
use std::sync::Arc;
use trade::{Scenarios, Settings, Trade};

use crate::args::Demo;
use crate::books::Books;
use crate::config::Config;
use crate::data::now;
use crate::demo::feed::Feed;
use crate::failure::Failure;
use crate::output_file::OutputFile;
use crate::rules_folder::Rules;
use crate::score::Score;

/// The first moment of made-up time: a Thursday, 2026-01-01.
const START_MS: i64 = 1_767_225_600_000;

/// Events decided in one step: who watches is heard between steps.
const STEP_EVENTS_MAX: usize = 8_192;

/// Made-up trade being decided.
pub(crate) struct Simulation {
    /// The engine.
    pub decider: Decider,
    /// The money.
    pub books: Books,
    /// What was caught of what was planted.
    pub score: Score,
    /// The last verdicts worth a look.
    pub feed: Feed,
    /// Events decided.
    pub events: u64,
    /// Seconds spent deciding, in microseconds.
    busy_us: u64,
    trade: Peekable<Trade>,
    /// When it began.
    started: EventTime,
    now: EventTime,
    next: Position,
    effects: Effects,
    pool: rayon::ThreadPool,
    recorder: Recorder,
    log: BufWriter<File>,
    /// The events alone, where somebody asked for them.
    copy: Option<OutputFile>,
    chunk: usize,
}

/// How far a step has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// To where it was asked to go.
    Whole,
    /// There is more to decide before that.
    Part,
}

/// What is left when it ends.
pub(crate) struct Ended {
    /// The engine.
    pub decider: Decider,
    /// The money.
    pub books: Books,
    /// What was caught of what was planted.
    pub score: Score,
    /// The verdicts, as they were written.
    pub verdicts: VerdictFile,
}

impl Simulation {
    /// Prepares everything up to the first event.
    pub(crate) fn start(
        args: &Demo,
        config: &Config,
        rules: Rules,
        draft: &Draft,
    ) -> Result<Simulation, Failure> {
        let start = match &args.start {
            Some(start) => crate::input::time(start, || Ok(now()))?,
            None => EventTime::from_ms(START_MS)
                .ok_or_else(|| Failure::usage("the demo begins in 2026".into()))?,
        };
        let genesis = crate::input::genesis(config, rules.ruleset.hash());
        let threads = match config.threads {
            Threads::All => 0,
            Threads::Exactly(count) => count,
        };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let mut scenarios = Scenarios { fraud_ppm: u64::from(args.fraud) * 1000, ..Scenarios::all() };
        if args.fraud == 0 {
            scenarios.attacks.clear();
        }
        let settings =
            Settings { orders_per_day: u64::from(args.orders), scenarios, ..Settings::new(args.seed, start) };
        let log = File::create(draft.log_path()).map_err(|e| Failure::output(&"the demo's log", &e))?;
        let mut simulation = Simulation {
            score: Score::new(&rules.ruleset),
            decider: Decider::new(genesis.clone(), Arc::new(rules.ruleset), HashKey::public()),
            books: Books::default(),
            feed: Feed::default(),
            events: 0,
            busy_us: 0,
            trade: Trade::new(settings).peekable(),
            started: start,
            now: start,
            next: Position(0),
            effects: Effects::default(),
            pool: pool.map_err(|e| Failure::usage(format!("cannot start {threads} threads: {e}")))?,
            recorder: draft.recorder().map_err(|e| Failure::output(&"the verdicts", &e))?,
            log: BufWriter::with_capacity(1 << 18, log),
            copy: args.events.as_deref().map(open_copy).transpose()?,
            chunk: config.chunk,
        };
        let first = simulation.record(RecordBody::Control(Control::Genesis(Box::new(genesis))))?;
        simulation.decide(&[first])?;
        Ok(simulation)
    }

    /// The made-up time.
    pub(crate) fn now(&self) -> EventTime {
        self.now
    }

    /// Whole days since the start.
    pub(crate) fn day(&self) -> i64 {
        (self.now.as_ms() - self.started.as_ms()) / 86_400_000 + 1
    }

    /// Events decided in a second of deciding.
    pub(crate) fn rate(&self) -> u64 {
        (self.events * 1_000_000).checked_div(self.busy_us).unwrap_or(0)
    }

    /// Lets so much made-up time pass, as fast as the engine can.
    pub(crate) fn run_for(&mut self, span: Span) -> Result<(), Failure> {
        let end = self.now.plus(span);
        let bar = crate::progress::days(u64::try_from(span.as_ms() / 86_400_000).unwrap_or(0));
        let mut hour = self.now;
        while hour < end {
            hour = hour.plus(Span::from_hours(1)).min(end);
            while self.step(hour)? == Step::Part {}
            bar.set_position(u64::try_from(self.day() - 1).unwrap_or(0));
        }
        bar.finish_and_clear();
        Ok(())
    }

    /// Decides what happens up to `until`, and lets time itself pass up to it. Where more happens than a step may
    /// decide, time passes as far as that, and the next step goes on.
    pub(crate) fn step(&mut self, until: EventTime) -> Result<Step, Failure> {
        let mut chunk = Vec::new();
        while let Some(happening) = self.trade.next_if(|h| h.event.occurred_at <= until) {
            self.now = happening.event.occurred_at;
            self.score.plant(&happening);
            chunk.push(self.record(RecordBody::Event(Box::new(happening.event)))?);
            self.events += 1;
            if chunk.len() == STEP_EVENTS_MAX {
                self.decide(&chunk)?;
                return Ok(Step::Part);
            }
        }
        chunk.push(self.record(RecordBody::Control(Control::Tick(until)))?);
        self.now = until;
        self.decide(&chunk)?;
        Ok(Step::Whole)
    }

    fn record(&mut self, body: RecordBody) -> Result<Record, Failure> {
        let raw = match &body {
            RecordBody::Event(event) => bytes::Bytes::from(connector::wire::encode(event)),
            RecordBody::Control(_) | RecordBody::Undecodable(_) => bytes::Bytes::new(),
        };
        if let (Some(copy), false) = (&mut self.copy, raw.is_empty()) {
            let written = copy.write_all(&raw).and_then(|()| copy.write_all(b"\n"));
            written.map_err(|e| Failure::output(&"the events", &e))?;
        }
        let record = Record { position: self.next, stamp: None, raw, body };
        self.next = Position(self.next.0 + 1);
        let mut line = Vec::new();
        connector::log::write_record(&record, &mut line);
        self.log.write_all(&line).map_err(|e| Failure::output(&"the demo's log", &e))?;
        Ok(record)
    }

    fn decide(&mut self, records: &[Record]) -> Result<(), Failure> {
        let watch = Stopwatch::start();
        for chunk in records.chunks(self.chunk) {
            let (decider, effects) = (&mut self.decider, &mut self.effects);
            self.pool.install(|| decider.decide(chunk, effects));
            self.score.judge(&self.effects);
            self.feed.take(&self.effects);
            let (verdicts, dead) = (&self.effects.verdicts, &self.effects.dead_letters);
            self.books.take(verdicts, dead).map_err(|e| Failure::output(&"the books", &e))?;
            self.recorder.take(verdicts, dead).map_err(|e| Failure::output(&"the verdicts", &e))?;
            self.effects.clear();
        }
        self.busy_us += u64::try_from(watch.elapsed().as_micros()).unwrap_or(0);
        Ok(())
    }

    /// Closes the files.
    pub(crate) fn end(mut self) -> Result<Ended, Failure> {
        self.log.flush().map_err(|e| Failure::output(&"the demo's log", &e))?;
        self.copy.map_or(Ok(()), OutputFile::finish).map_err(|e| Failure::output(&"the events", &e))?;
        let verdicts = self.recorder.finish().map_err(|e| Failure::output(&"the verdicts", &e))?;
        Ok(Ended { decider: self.decider, books: self.books, score: self.score, verdicts })
    }
}

fn open_copy(path: &Path) -> Result<OutputFile, Failure> {
    OutputFile::open(path).map_err(|e| Failure::output(&path.display(), &e))
}
