//! What MONEY promises, a sentence each; and a slow, obvious model of it that must agree under any history.

mod world;

mod accrual;
