//! What the names of a rule stand for: its variables, its constants, and those of which an error was reported.

use std::collections::BTreeSet;

use crate::check::{Checker, Local, Verdicts};
use crate::checked::Shown;
use crate::diagnostic::{Range, did_you_mean, near, nearest};
use crate::facts;
use crate::tree::Expr;
use crate::vocabulary::{HEADER, ROOTS, Shape, VERDICTS};

impl Checker<'_> {
    pub(super) fn name(&mut self, name: &str, range: Range) -> Shape {
        if let Some(local) = self.local(name) {
            local.read = true;
            return local.shape;
        }
        if let Some(value) = self.constants.get(name) {
            let shape = Self::constant_shape(value);
            self.read.insert(name.to_owned());
            return shape;
        }
        self.unknown_variable(name, range);
        Shape::FAILED
    }

    /// Reports a name that stands for nothing, where it is met first.
    pub(super) fn unknown_variable(&mut self, name: &str, range: Range) {
        if !self.failed.insert(name.to_owned()) {
            return;
        }
        let names = self.names();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        if self.used_if_near(name) == 0 {
            // It may be any of them.
            self.used(names.iter().copied());
        }
        // A variable whose name was taken is likely named otherwise where it is read.
        if nearest(name, names.iter().copied()).is_some_and(|near| self.is_taken_variable(near)) {
            return;
        }
        let help = match HEADER.contains(&name) {
            true => Some("it is for the ruleset; the rule itself cannot read it".to_owned()),
            false => did_you_mean(name, &names),
        };
        self.problems.error("variable.unknown", range, format!("there is no variable `{name}`"), help);
    }

    /// What the rule can name here.
    fn names(&self) -> Vec<String> {
        let locals = self.locals.iter().rev().map(|local| local.name.clone());
        let roots = facts::roots(&self.on).into_iter().map(str::to_owned);
        locals.chain(self.constants.keys().cloned()).chain(roots).collect()
    }

    fn is_taken_variable(&self, name: &str) -> bool {
        self.taken(name).is_some() && self.locals.iter().any(|local| local.name == name)
    }

    /// Any of the names near to a misspelt one may be meant; how many there are.
    pub(super) fn used_if_near(&mut self, name: &str) -> usize {
        let names = self.names();
        let near = near(name, names.iter().map(String::as_str));
        let count = near.len();
        self.used(near.into_iter().map(|(_, near)| near));
        count
    }

    /// Counts names as used: what they name is meant, although nothing is made of it.
    pub(super) fn used<'n>(&mut self, names: impl IntoIterator<Item = &'n str>) {
        for name in names {
            if VERDICTS.contains(&name) {
                self.verdicts = Verdicts::Reachable;
            }
            match self.local(name) {
                Some(local) => local.read = true,
                None => drop(self.read.insert(name.to_owned())),
            }
        }
    }

    /// What stands in a part that is not understood counts as used.
    pub(super) fn mention(&mut self, exprs: &[Expr]) {
        self.used(exprs.iter().flat_map(Expr::names));
    }

    /// After an error about a value: the constants that it is made of are what is wrong, wherever they are read.
    pub(super) fn blame(&mut self, expr: &Expr) {
        for name in expr.names() {
            if self.constants.remove(name).is_some() {
                self.failed.insert(name.to_owned());
            }
        }
    }

    /// Dials that a feature, a hold's length or a list's name needs are the same everywhere.
    pub(super) fn fix(&mut self, used: BTreeSet<String>) {
        for dial in &mut self.dials {
            dial.in_feature |= used.contains(&dial.name);
        }
        self.read.extend(used);
    }

    pub(super) fn local(&mut self, name: &str) -> Option<&mut Local> {
        self.locals.iter_mut().rev().find(|local| local.name == name)
    }

    pub(super) fn declare(&mut self, name: &str, range: Range, shape: Shape, origin: Option<Shown>) {
        let mut local = Local { name: name.to_owned(), range, shape, read: false, origin };
        if let Some(what) = self.taken(name) {
            self.error("name.taken", range, format!("`{name}` is already {what}"), "choose another name");
            self.read.insert(name.to_owned());
            local = Local { shape: Shape::FAILED, read: true, ..local };
        }
        self.locals.push(local);
    }

    /// What else has this name.
    fn taken(&self, name: &str) -> Option<&'static str> {
        if self.constants.contains_key(name) || HEADER.contains(&name) {
            Some("a constant of the rule")
        } else if ROOTS.contains(&name) {
            Some("the name of what the rule sees")
        } else {
            None
        }
    }

    /// Forgets the variables of a block that ends, and says which were never read.
    pub(super) fn close_scope(&mut self, length: usize) {
        while self.locals.len() > length {
            let Some(local) = self.locals.pop() else { return };
            if !local.read && !local.name.starts_with('_') {
                let message = format!("`{}` is never used", local.name);
                self.warning("let.unused", local.range, message, "remove it, or begin its name with `_`");
            }
        }
    }
}
