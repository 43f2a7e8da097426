//! Who earns.

use serde::{Deserialize, Serialize};

use crate::{AgencyId, CreatorId};

/// Who earns: a creator or an agency.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Beneficiary {
    /// A creator; `creator:ID` in outputs.
    Creator(CreatorId),
    /// An agency; `agency:ID` in outputs.
    Agency(AgencyId),
}

impl Beneficiary {
    /// Parses `creator:ID` or `agency:ID`.
    pub fn parse(text: &str) -> Option<Beneficiary> {
        match text.split_once(':')? {
            ("creator", id) => CreatorId::new(id).ok().map(Beneficiary::Creator),
            ("agency", id) => AgencyId::new(id).ok().map(Beneficiary::Agency),
            _ => None,
        }
    }
}

impl std::fmt::Display for Beneficiary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Beneficiary::Creator(id) => write!(f, "creator:{id}"),
            Beneficiary::Agency(id) => write!(f, "agency:{id}"),
        }
    }
}
