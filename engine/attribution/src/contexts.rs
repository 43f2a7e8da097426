//! Where events belong, with the lane's defaults filled in, and the numbers of programs.

use model::admitted::Context;
use model::log::Genesis;
use model::{Event, Market, ProgramId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::table::Program;

/// The lane's defaults and the programs named so far.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Contexts {
    default_program: ProgramId,
    default_market: Market,
    numbers: BTreeMap<ProgramId, Program>,
    /// The last one handed out: most events belong where the one before did.
    last: Option<Arc<Context>>,
}

impl Contexts {
    pub(crate) fn new(genesis: &Genesis) -> Contexts {
        Contexts {
            default_program: genesis.default_program.clone(),
            default_market: genesis.default_market.clone(),
            numbers: BTreeMap::new(),
            last: None,
        }
    }

    /// The number of a program; [`Program::UNKNOWN`] when nothing of it has been admitted.
    pub(crate) fn number(&self, program: &ProgramId) -> Program {
        self.numbers.get(program).copied().unwrap_or(Program::UNKNOWN)
    }

    /// The program that an event belongs to.
    pub(crate) fn program<'a>(&'a self, event: &'a Event) -> &'a ProgramId {
        event.program.as_ref().unwrap_or(&self.default_program)
    }

    /// Where an admitted event belongs. Numbers its program if it is new.
    pub(crate) fn of(&mut self, event: &Event) -> (Program, Arc<Context>) {
        let context = match self.last.take().filter(|last| self.is(last, event)) {
            Some(last) => last,
            None => Arc::new(self.make(event)),
        };
        self.last = Some(Arc::clone(&context));
        let number = match self.numbers.get(&context.program) {
            Some(number) => *number,
            None => self.add(context.program.clone()),
        };
        (number, context)
    }

    fn is(&self, context: &Context, event: &Event) -> bool {
        context.program == *self.program(event)
            && context.market == *event.market.as_ref().unwrap_or(&self.default_market)
            && context.source == event.source
            && context.attributes == event.attributes
    }

    fn make(&self, event: &Event) -> Context {
        Context {
            program: self.program(event).clone(),
            market: event.market.clone().unwrap_or_else(|| self.default_market.clone()),
            source: event.source.clone(),
            attributes: event.attributes.clone(),
        }
    }

    fn add(&mut self, program: ProgramId) -> Program {
        let number = Program(u32::try_from(self.numbers.len()).expect("fewer programs than records"));
        self.numbers.insert(program, number);
        number
    }
}
