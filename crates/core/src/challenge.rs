//! What a server asks for with a 401: the challenges of `WWW-Authenticate` (RFC 9110 §11.6.1).
//!
//! The header is a list of challenges whose parameters are a list as well, both with commas, so that only what
//! follows a word tells what it is. It is read leniently: of what breaks the grammar nothing is taken, and what stands
//! beside it still is. The crates for it give up the whole header, or do not know the credentials of one piece
//! (token68) that `Negotiate` has.

use std::borrow::Cow;
use std::fmt;

use http::HeaderMap;
use http::header::WWW_AUTHENTICATE;

/// One challenge: a scheme and its parameters.
///
/// `Debug` shows the names of the parameters and not their values, which are the server's own words.
#[derive(Clone, PartialEq, Eq)]
pub struct Challenge<'h> {
    scheme: &'h str,
    parameters: Vec<(&'h str, Cow<'h, str>)>,
}

impl<'h> Challenge<'h> {
    /// The challenges in the headers of an answer, in their order.
    ///
    /// ```
    /// use auth0_core::challenge::Challenge;
    /// use auth0_core::http::{HeaderMap, HeaderValue};
    ///
    /// let mut headers = HeaderMap::new();
    /// let value = HeaderValue::from_static(r#"Bearer, DPoP error="use_dpop_nonce", algs="ES256""#);
    /// headers.insert("www-authenticate", value);
    /// let challenges = Challenge::all(&headers);
    /// assert!(challenges[0].is("bearer"));
    /// assert_eq!(challenges[1].parameter("error"), Some("use_dpop_nonce"));
    /// ```
    pub fn all(headers: &'h HeaderMap) -> Vec<Self> {
        let mut challenges = Vec::new();
        for value in headers.get_all(WWW_AUTHENTICATE) {
            if let Ok(text) = value.to_str() {
                Reader { rest: text }.read_into(&mut challenges);
            }
        }
        challenges
    }

    /// Whether it is of this scheme. Case does not matter.
    pub fn is(&self, scheme: &str) -> bool {
        self.scheme.eq_ignore_ascii_case(scheme)
    }

    /// The scheme as the server writes it.
    pub fn scheme(&self) -> &str {
        self.scheme
    }

    /// The value of a parameter, without its quotes. Case of the name does not matter; the first one counts.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_ref())
    }
}

impl fmt::Debug for Challenge<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.parameters.iter().map(|(name, _)| name).collect();
        f.debug_struct("Challenge")
            .field("scheme", &self.scheme)
            .field("parameters", &names)
            .finish()
    }
}

/// What is left of a header.
struct Reader<'h> {
    rest: &'h str,
}

impl<'h> Reader<'h> {
    fn read_into(mut self, challenges: &mut Vec<Challenge<'h>>) {
        // A scheme of an earlier header takes no parameters from this one.
        let own = challenges.len();
        let mut follows_scheme = false;
        loop {
            self.skip_white_space();
            if self.take(',') {
                follows_scheme = false;
                continue;
            }
            let word = self.word();
            if word.is_empty() {
                // Nothing of the grammar begins here. What is in quotes is skipped whole: a header must not be read
                // differently because of the text in it.
                if self.quoted().is_none() && self.next().is_none() {
                    return;
                }
                continue;
            }
            self.skip_white_space();
            if self.take('=') {
                let value = self.value();
                if let (Some(challenge), Some(value), true) =
                    (challenges[own..].last_mut(), value, is_token(word))
                {
                    challenge.parameters.push((word, value));
                }
                follows_scheme = false;
            } else if follows_scheme || !is_token(word) {
                // Credentials of one piece, such as those of `Negotiate`.
                follows_scheme = false;
            } else {
                challenges.push(Challenge {
                    scheme: word,
                    parameters: Vec::new(),
                });
                follows_scheme = true;
            }
        }
    }

    fn value(&mut self) -> Option<Cow<'h, str>> {
        self.skip_white_space();
        if self.rest.starts_with('"') {
            return self.quoted();
        }
        let word = self.word();
        (!word.is_empty()).then_some(Cow::Borrowed(word))
    }

    /// The text in quotes, if there is one here. One that does not end takes the rest along and is none.
    fn quoted(&mut self) -> Option<Cow<'h, str>> {
        let text = self.rest.strip_prefix('"')?;
        let mut unescaped = None::<String>;
        let mut characters = text.char_indices();
        while let Some((at, character)) = characters.next() {
            match character {
                '"' => {
                    self.rest = &text[at + 1..];
                    return Some(unescaped.map_or(Cow::Borrowed(&text[..at]), Cow::Owned));
                }
                '\\' => {
                    let unescaped = unescaped.get_or_insert_with(|| text[..at].to_owned());
                    unescaped.extend(characters.next().map(|(_, escaped)| escaped));
                }
                other => unescaped.iter_mut().for_each(|text| text.push(other)),
            }
        }
        self.rest = "";
        None
    }

    /// A token (RFC 9110 §5.6.2), or credentials of one piece, which may hold a slash.
    fn word(&mut self) -> &'h str {
        let is_other = |character| !is_token_character(character) && character != '/';
        let end = self.rest.find(is_other).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    fn skip_white_space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t']);
    }

    fn take(&mut self, character: char) -> bool {
        let rest = self.rest.strip_prefix(character);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn next(&mut self) -> Option<char> {
        let mut characters = self.rest.chars();
        let next = characters.next();
        self.rest = characters.as_str();
        next
    }
}

fn is_token(word: &str) -> bool {
    !word.contains('/')
}

fn is_token_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(character)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn headers(values: &[&str]) -> HeaderMap {
        let value = |text: &&str| (WWW_AUTHENTICATE, HeaderValue::from_str(text).unwrap());
        values.iter().map(value).collect()
    }

    /// Schemes with their parameters, as text.
    fn read(values: &[&str]) -> String {
        let headers = headers(values);
        let challenges = Challenge::all(&headers).into_iter().map(|challenge| {
            let parameters = challenge.parameters.iter();
            let parameters = parameters.map(|(name, value)| format!(" {name}={value}"));
            format!("[{}{}]", challenge.scheme, parameters.collect::<String>())
        });
        challenges.collect()
    }

    #[test]
    fn several_challenges_then_each_has_its_own_parameters() {
        // RFC 9110 §11.6.1.
        assert_eq!(
            read(&[
                r#"Basic realm="simple", Newauth realm="apps", type=1, title="Login to \"apps\"""#
            ]),
            r#"[Basic realm=simple][Newauth realm=apps type=1 title=Login to "apps"]"#
        );
        // RFC 9449 §7.1 and §9.
        assert_eq!(
            read(&[
                r#"DPoP error="invalid_token", error_description="Invalid DPoP key binding", algs="ES256""#
            ]),
            "[DPoP error=invalid_token error_description=Invalid DPoP key binding algs=ES256]"
        );
        assert_eq!(
            read(&[
                r#"Bearer realm="a""#,
                r#"dpop ERROR = use_dpop_nonce , algs="ES256 PS256""#
            ]),
            "[Bearer realm=a][dpop ERROR=use_dpop_nonce algs=ES256 PS256]"
        );
        assert_eq!(
            read(&[r#"Bearer, DPoP algs="ES256", Negotiate"#]),
            "[Bearer][DPoP algs=ES256][Negotiate]"
        );
    }

    #[test]
    fn credentials_of_one_piece_are_no_scheme_and_no_parameter() {
        assert_eq!(
            read(&[r#"Negotiate YII/aGVs+bG8==, DPoP error="e", Other DPoP, Next a=b"#]),
            "[Negotiate][DPoP error=e][Other][Next a=b]"
        );
    }

    #[test]
    fn text_in_quotes_is_only_text() {
        assert_eq!(
            read(&[r#"Bearer realm="x, DPoP error=\"use_dpop_nonce\"", error="invalid_token""#]),
            r#"[Bearer realm=x, DPoP error="use_dpop_nonce" error=invalid_token]"#
        );
        assert_eq!(
            read(&[r#""DPoP error=use_dpop_nonce", Bearer"#]),
            "[Bearer]"
        );
    }

    #[test]
    fn what_breaks_the_grammar_is_left_out() {
        assert_eq!(read(&[""]), "");
        assert_eq!(read(&[", ,,  ,"]), "");
        assert_eq!(read(&["error=use_dpop_nonce"]), "");
        assert_eq!(
            read(&["DPoP", "error=use_dpop_nonce"]),
            "[DPoP]",
            "a header of its own"
        );
        assert_eq!(
            read(&[r#"DPoP error="use_dpop_nonce"#]),
            "[DPoP]",
            "a quote that does not end"
        );
        assert_eq!(read(&["DPoP error=, algs=ES256"]), "[DPoP algs=ES256]");
        assert_eq!(read(&["@ DPoP (error=a), x=y"]), "[DPoP error=a x=y]");
        assert_eq!(read(&[r#"DPoP error="\"#]), "[DPoP]");
    }

    #[test]
    fn debug_shows_no_value() {
        let headers = headers(&[r#"DPoP error="planted""#]);
        assert_eq!(
            format!("{:?}", Challenge::all(&headers)),
            r#"[Challenge { scheme: "DPoP", parameters: ["error"] }]"#
        );
    }

    proptest! {
        #[test]
        fn any_header_is_read_without_a_panic_and_what_is_written_by_the_grammar_comes_back(
            noise in r#"[ -~\t]{0,60}"#, value in r#"[ -~]{0,20}"#,
        ) {
            read(&[&noise]);
            let quoted = value.replace('\\', r"\\").replace('"', "\\\"");
            let headers = headers(&[&format!(r#"A x="{quoted}", DPoP error="{quoted}""#)]);
            let challenges = Challenge::all(&headers);
            prop_assert_eq!(challenges.len(), 2);
            prop_assert_eq!(challenges[1].parameter("error"), Some(value.as_str()));
        }
    }
}
