//! Closed lists of words: each variant of such an enum has one spelling, the same in JSON, in the database and in letters.
//!
//! The macro `words!` writes the enum with `ALL`, `as_str`, `FromStr` and `Display`, so that a
//! spelling stands in one place. Absent on purpose: aliases and case folding; one thing has one name.

/// A text that is none of the words of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownName {
    /// The list that was searched, such as `kind`.
    pub list: &'static str,
    /// What was found instead.
    pub got: String,
}

impl std::fmt::Display for UnknownName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} is no {}", self.got, self.list)
    }
}

macro_rules! words {
    ($(
        $(#[$doc:meta])*
        pub enum $name:ident($list:literal) { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }
    )+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant,)+ }

        impl $name {
            /// Every one, in the order of the source.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// Its one spelling.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::domain::words::UnknownName;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    other => Err($crate::domain::words::UnknownName { list: $list, got: other.to_owned() }),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    )+};
}

pub(crate) use words;
