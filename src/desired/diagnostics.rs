//! Violations as text for people: the message, the place, the source line underlined, and the way out.
//!
//! The source line is untrusted text, so what a terminal would act on is shown as its escape. Only the part of a
//! line around the underline is given to the renderer: a file may be one line of a megabyte.

use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet};

use super::source::Text;
use super::violation::push_visible;
use super::{Label, Place, Source, Violation};

/// Violations that are printed at most; a file with more of them has one cause.
const SHOWN_MAX: usize = 50;

/// Characters of a line that are shown on either side of the underline.
const CONTEXT_CHARS_MAX: usize = 80;

/// Characters that are underlined at most.
const UNDERLINE_CHARS_MAX: usize = 160;

/// Renders violations of `sources`, the slice that was parsed.
pub fn render(violations: &[Violation], sources: &[Source], colour: bool) -> String {
    let renderer = if colour {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let renderer = renderer.decor_style(DecorStyle::Ascii);
    let texts: Vec<Text<'_>> = sources.iter().map(Text::new).collect();
    let mut blocks: Vec<String> = violations
        .iter()
        .take(SHOWN_MAX)
        .map(|violation| render_one(violation, &texts, &renderer))
        .collect();
    if let Some(more) = violations.len().checked_sub(SHOWN_MAX).filter(|n| *n > 0) {
        blocks.push(format!("and {more} more"));
    }
    blocks.join("\n\n")
}

fn render_one(violation: &Violation, texts: &[Text<'_>], renderer: &Renderer) -> String {
    let Violation {
        message,
        place,
        source,
        span,
        labels,
        help,
    } = violation;
    let first = Excerpt::new(place, texts.get(*source), span);
    let title = Level::ERROR.primary_title(message.as_str());
    let mut groups = vec![title.element(first.snippet())];
    let mut excerpts = vec![&first];
    let others: Vec<(&str, Excerpt)> = labels
        .iter()
        .map(|label| {
            let Label {
                message,
                place,
                source,
                span,
            } = label;
            let excerpt = Excerpt::new(place, texts.get(*source), span);
            (message.as_str(), excerpt)
        })
        .collect();
    for (message, excerpt) in &others {
        let title = Level::NOTE.secondary_title(*message);
        groups.push(title.element(excerpt.snippet()));
        excerpts.push(excerpt);
    }
    if let Some(help) = help {
        let title = Level::HELP.secondary_title(help.as_str());
        groups.push(Group::with_title(title));
    }
    let mut shown = renderer.render(&groups);
    for excerpt in excerpts {
        excerpt.correct_column(&mut shown);
    }
    shown
}

/// The part of a line around a span, fit to be shown.
struct Excerpt {
    file: String,
    line: usize,
    column: usize,
    shown: String,
    /// Where the span is in `shown`.
    underlined: Range<usize>,
}

impl Excerpt {
    fn new(place: &Place, text: Option<&Text<'_>>, span: &Range<usize>) -> Self {
        let (shown, underlined) = text.map_or((String::new(), 0..0), |text| {
            excerpt(&text.source.text, &text.line_range(place.line - 1), span)
        });
        let mut file = String::new();
        push_visible(&mut file, &place.file);
        Self {
            file,
            line: place.line,
            column: place.column,
            shown,
            underlined,
        }
    }

    fn snippet(&self) -> Snippet<'_, Annotation<'_>> {
        Snippet::source(self.shown.as_str())
            .path(self.file.as_str())
            .line_start(self.line)
            .annotation(AnnotationKind::Primary.span(self.underlined.clone()))
    }

    /// The renderer counts columns in what it is given; escapes and cuts make that another number than the file's.
    fn correct_column(&self, rendered: &mut String) {
        let counted = self.shown[..self.underlined.start].chars().count() + 1;
        if counted != self.column {
            let place = |column| format!("{}:{}:{column}", self.file, self.line);
            *rendered = rendered.replacen(&place(counted), &place(self.column), 1);
        }
    }
}

/// The part of a line around a span, fit to be shown, and where the span is in it.
fn excerpt(text: &str, line: &Range<usize>, span: &Range<usize>) -> (String, Range<usize>) {
    let clamp = |at: usize| text.floor_char_boundary(at.clamp(line.start, line.end));
    let (start, end) = (clamp(span.start), clamp(span.end.max(span.start)));
    let (before, marked, after) = (
        &text[line.start..start],
        &text[start..end],
        &text[end..line.end],
    );
    let mut shown = String::new();
    let cut_at = before.char_indices().rev().nth(CONTEXT_CHARS_MAX);
    if let Some((at, cut)) = cut_at {
        shown.push('…');
        push_line(&mut shown, &before[at + cut.len_utf8()..]);
    } else {
        push_line(&mut shown, before);
    }
    let from = shown.len();
    let whole = push_at_most(&mut shown, marked, UNDERLINE_CHARS_MAX);
    let to = shown.len();
    if whole {
        push_at_most(&mut shown, after, CONTEXT_CHARS_MAX);
    }
    (shown, from..to)
}

/// Pushes so many characters at most, and says whether that was all of them.
fn push_at_most(shown: &mut String, text: &str, chars_max: usize) -> bool {
    let cut = text.char_indices().nth(chars_max).map(|(at, _)| at);
    push_line(shown, &text[..cut.unwrap_or(text.len())]);
    if cut.is_some() {
        shown.push('…');
    }
    cut.is_none()
}

/// Pushes a part of a line; a tab stays one.
fn push_line(shown: &mut String, text: &str) {
    for (at, part) in text.split('\t').enumerate() {
        if at > 0 {
            shown.push('\t');
        }
        push_visible(shown, part);
    }
}
