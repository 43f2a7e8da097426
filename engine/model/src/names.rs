//! The words that an enum has on the wire, in rules and in outputs.

/// Gives an enum its words: each value stands beside its word, once.
macro_rules! names {
    ($($type:ident { $($variant:ident = $name:literal),* $(,)? })*) => {$(
        impl $type {
            /// All values, in declaration order.
            pub const ALL: [$type; [$($name),*].len()] = [$($type::$variant),*];

            /// The name on the wire, in rules and in outputs.
            pub const fn name(self) -> &'static str {
                match self { $($type::$variant => $name),* }
            }

            /// The value of that name.
            pub fn from_name(name: &str) -> Option<$type> {
                match name { $($name => Some($type::$variant),)* _ => None }
            }
        }
    )*};
}

pub(crate) use names;
