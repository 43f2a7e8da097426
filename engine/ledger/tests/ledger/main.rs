//! What MONEY promises, a sentence each; and a slow, obvious model of it that must agree under any history.

#[cfg(test)]
mod records;
#[cfg(test)]
mod world;

#[cfg(test)]
mod accrual;
#[cfg(test)]
mod creators;
#[cfg(test)]
mod groups;
#[cfg(test)]
mod holds;
#[cfg(test)]
mod maturity;
#[cfg(test)]
mod refunds;
#[cfg(test)]
mod reviews;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod runs;

#[cfg(test)]
mod histories;
#[cfg(test)]
mod oracle;
