"""How steady an answer is while a picture drifts: four ways to make maps smaller, and training on centred letters only.

Each seed draws training scenes, first weights and order of its own; the networks of a seed share the scenes and the
order. All are measured on the same new scenes, in typefaces that none has seen. Letters, network and training are small
on purpose, so that all 25 trainings take minutes. The networks of the first seed, not of the best one, are what the
live figures run in the browser.
"""

import torch
from _code import letter_network, letters

SEEDS = range(5)
SCENES, NEW_SCENES, EPOCHS = 2000, 500, 15
FILES = ["book/_static/networks/letters.json"]


def run(seed: int) -> dict[str, dict]:
    """Per network: the mean ``loss`` of each epoch; the share of ``right`` answers with letters anywhere; of the steps
    of one pixel the share of ``flips`` of the answer and the mean ``change`` of the true letter's probability; for each
    drift the share of answers that ``agree`` with the one before the drift; of "max" also the ``table`` of letters
    printed (rows) and read, of the letters anywhere."""
    scenes, labels = letters.scenes(SCENES, letters.SEEN, seed=100 + seed)
    centred, centred_labels = letters.scenes(SCENES, letters.SEEN, seed=100 + seed, anywhere=False)
    new, truth = letters.scenes(NEW_SCENES, letters.NEW, seed=1)
    drifting, drifting_truth = letters.scenes(NEW_SCENES, letters.NEW, seed=2, anywhere=False)
    trainings = {way: (way, scenes, labels) for way in letter_network.WAYS}
    trainings["centred"] = "max", centred, centred_labels
    found: dict[str, dict] = {}
    nets: dict[str, torch.nn.Module] = {}
    for name, (way, shown, right) in trainings.items():
        torch.manual_seed(seed)
        nets[name] = net = letter_network.network(way)
        loss = [*letter_network.epochs_of(net, letters.view(shown), right, EPOCHS, seed=seed)]
        read = letter_network.probabilities(net, letters.view(new)).argmax(1)
        seen = letter_network.drift(net, drifting)
        answers, sure = seen.argmax(2), seen[:, torch.arange(NEW_SCENES), drifting_truth]
        found[name] = {
            "loss": [round(value, 4) for value in loss],
            "right": round((read == truth).float().mean().item(), 4),
            "flips": round((answers[1:] != answers[:-1]).float().mean().item(), 4),
            "change": round((sure[1:] - sure[:-1]).abs().mean().item(), 4),
            "agree": [round(value, 4) for value in (answers == answers[0]).float().mean(1).tolist()],
        }
        if name == "max":
            table = torch.zeros(len(letters.LETTERS), len(letters.LETTERS), dtype=torch.int64)
            table.index_put_((truth, read), torch.tensor(1), accumulate=True)
            found[name]["table"] = table.tolist()
    if seed == SEEDS[0]:
        letter_network.save({way: nets[way] for way in letter_network.WAYS})
    return found
