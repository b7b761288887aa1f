//! Colour, only where it is asked for: every text says the same without it.

use anstyle::{AnsiColor, Style};

use super::story::{Sign, Tone};

/// Whether a text is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Paint {
    /// No escape sequence at all: for files, pipes and `NO_COLOR`.
    #[default]
    Plain,
    /// ANSI colours.
    Coloured,
}

impl Paint {
    /// The text in a style.
    pub(super) fn with(self, style: Style, text: &str) -> String {
        match self {
            Self::Plain => text.to_owned(),
            Self::Coloured => format!("{style}{text}{style:#}"),
        }
    }

    /// A heading.
    pub(super) fn title(self, tone: Tone, text: &str) -> String {
        let bold = Style::new().bold();
        self.with(
            match tone {
                Tone::Alarm => bold.fg_color(Some(AnsiColor::Red.into())),
                Tone::Change | Tone::Difference => bold,
                Tone::Quiet => bold.dimmed(),
            },
            text,
        )
    }

    /// A row in the colour of its sign.
    pub(super) fn row(self, sign: Sign, text: &str) -> String {
        let colour = match sign {
            Sign::Give => AnsiColor::Green,
            Sign::Change => AnsiColor::Yellow,
            Sign::Take => AnsiColor::Red,
            Sign::Stop => AnsiColor::Magenta,
            Sign::Nothing => return text.to_owned(),
        };
        self.with(Style::new().fg_color(Some(colour.into())), text)
    }
}
