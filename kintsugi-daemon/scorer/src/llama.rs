//! A model in this process, by `llama.cpp`: one pass over a command, no text is generated.
//!
//! What stands in front of every command is read once, and kept; a command is read behind it, and forgotten again. It is read as
//! text: what looks like a control token in it is none. `llama.cpp` ends the process on much that surprises it, which is why this
//! is a process of its own.

#![expect(
    clippy::float_arithmetic,
    reason = "logits; what leaves this program is a whole number"
)]

use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow};
use kintsugi_core::scorer::prompt::{LABELS, Prompt};
use kintsugi_core::scorer::settings::ModelSettings;
use kintsugi_core::scorer::{EXPLANATION_BYTES_MAX, Ready, Unavailable, is_plain};
use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::context::params::LlamaContextParams;
use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_2::llama_batch::LlamaBatch;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::model::params::LlamaModelParams;
use llama_cpp_2::token::LlamaToken;

use crate::backend::Backend;
use crate::confine;
use crate::file::ModelFile;
use crate::judge::{Calibrated, Judge, Opinion};
use crate::processor;

/// Tokens that are computed between two looks at the clock. Fixed, since another number rounds otherwise.
const BATCH: usize = 16;

/// Most tokens of an explanation.
const WORDS_MAX: usize = 64;

/// The model, and what it has read.
struct Llama {
    model: &'static LlamaModel,
    context: LlamaContext<'static>,
    batch: LlamaBatch<'static>,
    prompt: Prompt,
    /// The tokens of what stands in front of every command.
    prefix: Vec<LlamaToken>,
    /// How many of them the cache holds; fewer only when it could not be rolled back.
    kept: usize,
    labels: [LlamaToken; 3],
    room: usize,
    /// What each token may do in an explanation; made when the first one is asked for.
    words: Vec<Word>,
}

/// What a token may do in an explanation.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Word {
    /// It is plain text.
    Plain(Vec<u8>),
    /// It ends the line, or everything.
    End,
    /// Neither: it is never chosen.
    Other,
}

/// Loads the model of the settings.
pub(crate) fn open(settings: &ModelSettings) -> anyhow::Result<(Box<dyn Backend>, Ready)> {
    processor::check()?;
    let began = Instant::now();
    let file = ModelFile::open(settings)?;
    let needs = confine::Needs {
        files: vec![std::os::fd::AsFd::as_fd(&file.file)],
        network: false,
        child: false,
    };
    confine::confine(&needs)?;
    let within = Duration::from_millis(settings.ready_timeout_ms.into());
    let until = began.checked_add(within).unwrap_or(began);
    let prompt = Prompt::new(&file.hash);
    let llama = Llama::load(&file, settings, prompt.clone(), until)?;
    let prompt_hash = prompt.hash();
    let left = until.saturating_duration_since(Instant::now());
    let judge = Calibrated::new(llama, prompt, settings.temperature_percent, left)?;
    let ready = Ready {
        backend: "llama".to_owned(),
        model: file.name.clone(),
        model_hash: file.hash,
        prompt_hash,
        calibration: judge.calibration(),
        passed_over: String::new(),
    };
    Ok((Box::new(judge), ready))
}

impl Llama {
    fn load(
        file: &ModelFile,
        settings: &ModelSettings,
        prompt: Prompt,
        until: Instant,
    ) -> anyhow::Result<Self> {
        // All of this lives as long as the process.
        let mut backend = LlamaBackend::init()?;
        backend.void_logs();
        let backend: &'static LlamaBackend = Box::leak(Box::new(backend));
        let parameters = LlamaModelParams::default().with_n_gpu_layers(settings.gpu_layers);
        let model = LlamaModel::load_from_file(backend, file.path(), &parameters)
            .map_err(|_| anyhow!("llama.cpp cannot load it"))?;
        let model: &'static LlamaModel = Box::leak(Box::new(model));
        if model.is_recurrent() || model.is_hybrid() {
            anyhow::bail!("it cannot forget a command again: recurrent models are not used");
        }
        let labels = labels(model)?;
        let prefix = model
            .vocab()
            .tokenize(prompt.prefix().as_bytes(), true, false);
        let n_ctx = usize::try_from(settings.n_ctx)?;
        let room = n_ctx.saturating_sub(prefix.len());
        if room < 256 {
            let least = prefix.len() + 256;
            anyhow::bail!(
                "the prompt alone has {} tokens: set `n_ctx` to {least} or more",
                prefix.len()
            );
        }
        let batch = u32::try_from(BATCH)?;
        let threads = i32::try_from(settings.threads)?;
        let parameters = LlamaContextParams::default()
            .with_n_ctx(NonZeroU32::new(settings.n_ctx))
            .with_n_batch(batch)
            .with_n_ubatch(batch)
            .with_n_threads(threads)
            .with_n_threads_batch(threads);
        let context = model
            .new_context(backend, parameters)
            .context("llama.cpp has no room for it")?;
        let mut llama = Self {
            model,
            context,
            batch: LlamaBatch::new(BATCH, 1),
            prompt,
            prefix,
            kept: 0,
            labels,
            room,
            words: Vec::new(),
        };
        llama
            .restore(until)
            .map_err(|why| anyhow!("it cannot read its prompt: {}", why.as_str()))?;
        Ok(llama)
    }

    /// Sees to it that the cache holds what stands in front of every command, and nothing else.
    fn restore(&mut self, until: Instant) -> Result<(), Unavailable> {
        let from = u32::try_from(self.kept).map_err(|_| Unavailable::Backend)?;
        let rolled_back = self.context.clear_kv_cache_seq(Some(0), Some(from), None);
        if !matches!(rolled_back, Ok(true)) {
            self.context.clear_kv_cache();
            self.kept = 0;
        }
        if self.kept == self.prefix.len() {
            return Ok(());
        }
        let rest = self.prefix.get(self.kept..).unwrap_or_default().to_vec();
        let from = self.kept;
        self.kept = 0;
        let is_over = || Instant::now() >= until;
        self.read(&rest, from, &is_over)?;
        self.kept = self.prefix.len();
        Ok(())
    }

    /// Reads tokens behind those that were read, a few at a time; the last one's logits can be asked for. Gives up when `is_over`.
    fn read(
        &mut self,
        tokens: &[LlamaToken],
        from: usize,
        is_over: &dyn Fn() -> bool,
    ) -> Result<(), Unavailable> {
        let mut position = i32::try_from(from).map_err(|_| Unavailable::Backend)?;
        let last = from.saturating_add(tokens.len()).saturating_sub(1);
        let last = i32::try_from(last).map_err(|_| Unavailable::Backend)?;
        for chunk in tokens.chunks(BATCH) {
            if is_over() {
                return Err(Unavailable::Deadline);
            }
            self.batch.clear();
            for token in chunk {
                let added = self.batch.add(*token, position, &[0], position == last);
                added.map_err(|_| Unavailable::Backend)?;
                position = position.saturating_add(1);
            }
            let decoded = self.context.decode(&mut self.batch);
            decoded.map_err(|_| Unavailable::Backend)?;
        }
        Ok(())
    }

    /// Returns the tokens of a text in which no control token is meant; nothing when there is no room for it and `more`.
    fn tokens(&self, text: &str, more: usize) -> Option<Vec<LlamaToken>> {
        let vocabulary = self.model.vocab();
        let tokens = vocabulary.tokenize(text.as_bytes(), false, false);
        (!tokens.is_empty() && tokens.len() + more <= self.room).then_some(tokens)
    }

    /// Looks at every token of the vocabulary, once: what an explanation may consist of is decided here and by nothing that the
    /// model says.
    fn learn_words(&mut self) {
        if !self.words.is_empty() {
            return;
        }
        let vocabulary = self.model.vocab();
        let words = self.model.tokens(false).map(|(token, bytes)| {
            if vocabulary.is_eog(token) || bytes.contains(&b'\n') {
                Word::End
            } else if !bytes.is_empty() && bytes.iter().copied().all(is_plain) {
                Word::Plain(bytes)
            } else {
                Word::Other
            }
        });
        self.words = words.collect();
    }

    /// Returns the likeliest token of those that an explanation may have next.
    fn next_word(&self, may_end: bool) -> Option<(LlamaToken, &Word)> {
        let last = self.batch.n_tokens().saturating_sub(1);
        let logits = self.context.get_logits_ith(last).iter().copied();
        let is_allowed = |word: &Word| match word {
            Word::Plain(_) => true,
            Word::End => may_end,
            Word::Other => false,
        };
        let allowed = self.words.iter().zip(logits).enumerate();
        let allowed = allowed.filter(|(_, (word, _))| is_allowed(word));
        let (at, (word, _)) =
            allowed.max_by(|(_, (_, one)), (_, (_, other))| one.total_cmp(other))?;
        Some((LlamaToken(i32::try_from(at).ok()?), word))
    }

    /// Returns what is said of a context up to its end, in plain bytes.
    fn line(&mut self, mut position: usize, is_over: &dyn Fn() -> bool) -> Option<String> {
        let mut line = Vec::new();
        for _ in 0..WORDS_MAX {
            let (token, bytes) = match self.next_word(!line.is_empty())? {
                (token, Word::Plain(bytes)) => (token, bytes),
                (_, Word::End | Word::Other) => break,
            };
            if line.len() + bytes.len() > EXPLANATION_BYTES_MAX {
                break;
            }
            line.extend_from_slice(bytes);
            self.read(&[token], position, is_over).ok()?;
            position += 1;
        }
        String::from_utf8(line).ok()
    }

    /// Returns what the model thinks comes next.
    fn opinion(&self) -> Opinion {
        let last = self.batch.n_tokens().saturating_sub(1);
        let logits = self.context.get_logits_ith(last);
        let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let powers = logits.iter().map(|logit| f64::from(logit - highest).exp());
        let all = powers.sum::<f64>().ln() + f64::from(highest);
        let logs = self.labels.map(|LlamaToken(label)| {
            let at = usize::try_from(label).ok();
            let logit = at.and_then(|at| logits.get(at)).copied();
            logit.map_or(f64::NAN, |logit| f64::from(logit) - all)
        });
        let mass = logs.iter().map(|log| log.exp()).sum();
        Opinion::Probabilities { logs, mass }
    }
}

impl Judge for Llama {
    fn judge(
        &mut self,
        command: &str,
        effects: &str,
        until: Instant,
    ) -> Result<Opinion, Unavailable> {
        self.restore(until)?;
        let question = self.prompt.question(command, effects);
        let tokens = self.tokens(&question, 0).ok_or(Unavailable::TooLong)?;
        self.read(&tokens, self.kept, &|| Instant::now() >= until)?;
        Ok(self.opinion())
    }

    /// The likeliest of the plain tokens, one after another: grammar enough for a line, and the same line every time.
    fn explain(&mut self, text: &str, is_over: &dyn Fn() -> bool) -> Option<String> {
        let tokens = self.tokens(text, WORDS_MAX)?;
        self.learn_words();
        // What was broken off is read again by whoever needs it.
        if self.kept != self.prefix.len() {
            return None;
        }
        self.restore(Instant::now()).ok()?;
        self.read(&tokens, self.kept, is_over).ok()?;
        self.line(self.kept + tokens.len(), is_over)
    }
}

/// Returns the tokens of the labels, as they follow `Answer:`.
fn labels(model: &LlamaModel) -> anyhow::Result<[LlamaToken; 3]> {
    let vocabulary = model.vocab();
    for space in [" ", ""] {
        let tokens = LABELS.map(|label| {
            let text = format!("{space}{label}");
            // Here, and only here, a control token may be meant: the text is ours.
            vocabulary.tokenize(text.as_bytes(), false, true)
        });
        if let [[safe], [caution], [danger]] = tokens.each_ref().map(Vec::as_slice) {
            let different = safe != caution && caution != danger && safe != danger;
            if different {
                return Ok([*safe, *caution, *danger]);
            }
        }
    }
    let labels = LABELS.join("`, `");
    Err(anyhow!(
        "`{labels}` are not one token each in its vocabulary"
    ))
}
