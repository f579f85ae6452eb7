"""Pretraining: a masked language model of several languages, from nothing (Devlin et al. 2019, arXiv 1810.04805)."""

from __future__ import annotations

import time

import numpy as np
import torch

from claimcheck.foundation.errors import UsageError
from reproduce import data
from reproduce.data.corpus import tokenizer_of
from reproduce.data.dataset import Dataset
from reproduce.data.sampling import generator, steps_of
from reproduce.model.encoder import Encoder, EncoderConfig, Model
from reproduce.runner import Context, Outcome, Preempted
from reproduce.specs import PretrainJob, WorldData, job_key
from reproduce.training.device import deterministic
from reproduce.training.evaluate import access_of, data_record
from reproduce.training.examples import check_lengths
from reproduce.training.execution import execution
from reproduce.training.loop import Part, Training
from reproduce.training.maskedtext import HEAD, MaskedText
from reproduce.training.modelfolder import keep

__all__ = ["run_pretrain"]


def run_pretrain(job: PretrainJob, context: Context) -> Outcome:
    """Train an encoder from random weights and leave model/ with its vocabulary; the masked head is not kept.

    Of text that is read the tokenizer comes first: trained once, kept in tokenizer/ for a job that goes on.

    Each sentence of a batch is drawn from a language with p ~ n^(1/temperature), n its sentences; the sentences of a
    language come in passes, each a new permutation. Masks are drawn anew at every step. Raises as `run_train`.
    """
    begun = time.perf_counter()
    context.phase("load")
    with deterministic(context, job.seed) as device:
        words = _words(job, context)
        made = time.perf_counter()
        texts = _texts(job, words, context)
        encoded = time.perf_counter()
        size, recipe = job.size, job.optimisation
        config = EncoderConfig(
            vocab_size=words.size,
            hidden=size.hidden,
            layers=size.layers,
            heads=size.heads,
            feed_forward=size.feed_forward,
            positions=size.positions,
            dropout=recipe.dropout,
        )
        weights = torch.Generator().manual_seed(int(generator(job.seed, "weights").integers(2**63)))
        model = Model(Encoder(config, weights))
        model.add_head(HEAD, "masked", words.size, weights)
        model.to(device)
        steps = steps_of([text.examples for text in texts], recipe)
        how = execution(config, recipe, steps, device, context)
        batches = MaskedText(
            texts,
            batches=steps,
            batch_size=recipe.batch_size,
            accumulate=recipe.accumulate,
            temperature=job.temperature,
            mask=job.mask,
            vocabulary=words.size,
            seed=job.seed,
            execution=how,
        )
        training = Training(
            model,
            batches.step,
            steps=steps,
            parts=[Part(batches.majority)],
            optimisation=recipe,
            key=job_key(job),
            context=context,
            execution=how,
        )
        loaded = time.perf_counter()
        fitted = training.run()
        context.phase("finish")
        sha256 = keep(context, model.encoder, words)
    return Outcome(
        optimizer_steps=fitted.steps,
        examples=fitted.examples,
        tokens=fitted.tokens,
        train_loss=fitted.loss,
        degenerate=fitted.degenerate,
        data=tuple(data_record(text, np.arange(text.examples)) for text in texts),
        model_sha256=sha256,
        weights_changed=fitted.weights_changed,
        seconds={"tokenizer": made - begun, "encode": encoded - made, "load": loaded - encoded} | fitted.seconds,
    )


def _words(job: PretrainJob, context: Context) -> data.Words:
    """The words of the world, else the tokenizer that is trained on the text and kept in the job's folder."""
    if isinstance(job.data, WorldData):
        return data.words(job.data)
    if job.vocabulary is None:
        raise UsageError("no size for the tokenizer", todo="say how many pieces (vocabulary)")
    context.phase("tokenizer")
    access = access_of(context)
    sources = [data.source("text", job.data, language, "train", access) for language in job.languages]
    # a checkpoint's word embeddings are those of its tokenizer
    return tokenizer_of(
        sources,
        job.vocabulary,
        temperature=job.temperature,
        seed=job.seed,
        folder=context.folder / "tokenizer",
        cache=access.cache,
    )


def _texts(job: PretrainJob, words: data.Words, context: Context) -> list[Dataset]:
    """The text of each language, as tokens. Raises Preempted."""
    longest, texts, made = job.size.positions, [], isinstance(job.data, WorldData)
    if not made:
        context.phase("encode")
    for language in job.languages:
        if not made and context.should_stop():
            raise Preempted("stopped while the text became tokens")
        text = data.text(job.data, language, words=words, max_length=longest, access=access_of(context))
        check_lengths(text, longest)
        texts.append(text)
    return texts
