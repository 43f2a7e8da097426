//! The live demo on a terminal: money by account, the last verdicts with their reasons, what was caught. Whatever
//! the size of the terminal, what is shown is whole, and what is not shown is counted.

mod fit;
mod money;
mod score;
mod style;
mod verdicts;

use model::Span;
use ratatui::Frame;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyModifiers};
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span as Words};
use ratatui::widgets::Paragraph;
use runtime::Pace;
use std::time::Duration;

use crate::args::Demo;
use crate::demo::screen::style::dim;
use crate::demo::simulation::Simulation;
use crate::demo::stop::Stop;
use crate::failure::Failure;
use crate::score::ScoreReport;
use crate::summary::group;

/// How often the picture is drawn, and the made-up time moves on.
const FRAME: Duration = Duration::from_millis(100);

/// What the keys do.
const KEYS: &str = " q quit and sum up · space pause ";

/// Shows the demo until it is stopped.
pub(crate) fn show(simulation: &mut Simulation, args: &Demo) -> Result<(), Failure> {
    let stop = Stop::listen(args.stop_after)?;
    let mut terminal = ratatui::try_init().map_err(|e| Failure::output(&"the terminal", &e))?;
    let ended = frames(&mut terminal, simulation, args, &stop);
    ratatui::try_restore().map_err(|e| Failure::output(&"the terminal", &e))?;
    ended
}

fn frames(
    terminal: &mut ratatui::DefaultTerminal,
    simulation: &mut Simulation,
    args: &Demo,
    stop: &Stop,
) -> Result<(), Failure> {
    let lapse = u64::from(args.lapse) * 1000;
    let (mut pace, mut from) = (Pace::start(lapse), simulation.now());
    let mut running = Running::Yes;
    while !stop.is_due() {
        if running == Running::Yes {
            simulation.step(from.plus(Span::from_ms(i64::try_from(pace.event_ms()).unwrap_or(i64::MAX))))?;
        }
        let drawn = terminal.draw(|frame| draw(frame, simulation, args, running));
        drawn.map_err(|e| Failure::output(&"the terminal", &e))?;
        match key()? {
            Some(Key::Quit) => return Ok(()),
            Some(Key::Pause) => {
                running = if running == Running::Yes { Running::Paused } else { Running::Yes };
                (pace, from) = (Pace::start(lapse), simulation.now());
            }
            None => {}
        }
    }
    Ok(())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Running {
    Yes,
    Paused,
}

enum Key {
    Quit,
    Pause,
}

/// Waits for a key until the next frame is due.
fn key() -> Result<Option<Key>, Failure> {
    let failed = |e: std::io::Error| Failure::output(&"the terminal", &e);
    if !event::poll(FRAME).map_err(failed)? {
        return Ok(None);
    }
    let Event::Key(key) = event::read().map_err(failed)? else { return Ok(None) };
    let control_c = key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
    Ok(if control_c || matches!(key.code, KeyCode::Char('q') | KeyCode::Esc) {
        Some(Key::Quit)
    } else if key.code == KeyCode::Char(' ') {
        Some(Key::Pause)
    } else {
        None
    })
}

/// Smaller than this, only the verdicts are told, as plain lines.
const COLUMNS_MIN: u16 = 60;
const ROWS_MIN: u16 = 16;

/// Rows of verdicts before the table of attacks gives way to a few words, and before money and attacks are cut.
const VERDICT_ROWS_WANTED: usize = 12;
const VERDICT_ROWS_MIN: usize = 6;

fn draw(frame: &mut Frame<'_>, simulation: &Simulation, args: &Demo, running: Running) {
    let area = frame.area();
    if area.width < COLUMNS_MIN || area.height < ROWS_MIN {
        return verdicts::draw_alone(frame, area, &simulation.feed);
    }
    let report = simulation.score.report();
    let (money_rows, score_rows) = shares(area, simulation, &report);
    let length = |rows: usize| Constraint::Length(u16::try_from(rows).unwrap_or(u16::MAX));
    let areas = Layout::vertical([
        Constraint::Length(1),
        length(money_rows),
        Constraint::Min(1),
        length(score_rows),
        Constraint::Length(1),
    ]);
    let [head, top, middle, bottom, foot] = areas.areas(area);
    frame.render_widget(Paragraph::new(headline(simulation, args, running, area.width)), head);
    money::draw(frame, top, simulation);
    verdicts::draw(frame, middle, &simulation.feed);
    score::draw(frame, bottom, &report);
    frame.render_widget(Paragraph::new(KEYS).style(dim()), foot);
}

/// Rows for money and for attacks; verdicts have the rest.
fn shares(area: Rect, simulation: &Simulation, report: &ScoreReport) -> (usize, usize) {
    let rows = usize::from(area.height.saturating_sub(2));
    let money = money::rows(simulation);
    let (table, words) = (score::table_rows(report), score::words_rows(report, area.width));
    if rows >= money + table + VERDICT_ROWS_WANTED {
        (money, table)
    } else if rows >= money + words + VERDICT_ROWS_MIN {
        (money, words)
    } else {
        (money.min(rows / 3), words.min(rows / 3))
    }
}

fn headline(simulation: &Simulation, args: &Demo, running: Running, columns: u16) -> Line<'static> {
    let name = " tidegate demo ";
    let lapse = group(&args.lapse.to_string());
    let (pace, short_pace) = match running {
        Running::Yes => (format!("{lapse} times real time"), format!("×{lapse}")),
        Running::Paused => ("paused".into(), "paused".into()),
    };
    let (day, now) = (simulation.day(), simulation.now().grid_floor(Span::from_mins(1)));
    let (events, rate) = (group(&simulation.events.to_string()), group(&simulation.rate().to_string()));
    let words = [
        format!("  day {day} · {now} · {pace} · {events} events · engine {rate}/s"),
        format!("  day {day} · {short_pace} · {events} events · {rate}/s"),
    ];
    let room = columns.saturating_sub(u16::try_from(name.len()).unwrap_or(0));
    Line::from(vec![
        Words::styled(name, Style::new().add_modifier(Modifier::BOLD | Modifier::REVERSED)),
        Words::raw(fit::wording(words, room)),
    ])
}
