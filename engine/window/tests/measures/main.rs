//! What features come to, by hand for what a person would ask, and against a model that recomputes everything
//! from the raw records.

#[cfg(test)]
mod build;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod room;

#[cfg(test)]
mod cohorts;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod lines;
#[cfg(test)]
mod money;
#[cfg(test)]
mod property;
#[cfg(test)]
mod rows;
#[cfg(test)]
mod steps;
#[cfg(test)]
mod time;
