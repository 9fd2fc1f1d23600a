"""The singular of an English word, for words that are already folded to lower case.

``singular`` maps a plural to the word a reader would look up, so that a query may name either: ``llms`` → ``llm``,
``policies`` → ``policy``, ``losses`` → ``loss``, ``databases`` → ``database``, ``analyses`` → ``analysis``,
``matrices`` → ``matrix``. What only looks like a plural stays: ``bias``, ``this``, ``news``, ``analysis``, ``class``.
A stemmer would go further and be wrong more often (transformer = transformation), so there is none.

The rules, for words of four letters or more that end in ``s`` after a letter, first match wins:

1. a listed word has its listed singular;
2. ``-ss``, ``-us``, ``-is``, ``-ias`` stay, unless only consonants precede ``-us`` or ``-is`` (``gpus``, ``kpis``);
3. ``-series`` and ``-species`` stay, ``-ies`` becomes ``-y``;
4. ``-yses``, ``-theses``, ``-noses`` become ``-ysis``, ``-thesis``, ``-nosis``; ``-matrices`` becomes ``-matrix``,
   ``-vertices`` ``-vertex``, and so the few others of Latin origin;
5. ``-sses``, ``-xes``, ``-ches``, ``-shes``, ``-tzes`` lose ``es``;
6. anything else loses its ``s``.

``singular(singular(word)) == singular(word)``. A plural differs from its singular in its last three letters at most,
or four where it ends in ``-ices``; ``bot.text.plural_forms`` rests on that.
"""

from __future__ import annotations

import re


def _words(*lines: str) -> frozenset[str]:
    return frozenset(word for line in lines for word in line.split())


def _listed(*lines: str) -> dict[str, str]:
    return dict(pair.split("=") for line in lines for pair in line.split())


_UNCHANGED = _words(
    # not plurals, or the same in the plural
    "news lens atlas canvas whereas pandas texas kansas arkansas dallas christmas biogas always perhaps besides "
    "afterwards towards backwards forwards upwards downwards inwards outwards regards sometimes nowadays "
    "chaos cosmos ethos pathos kudos asbestos eros logos thermos "
    "diabetes herpes rabies caries kubernetes hermes aries archimedes species series means "
    "does goes yes thanks mathematics physics robotics linguistics statistics economics mechanics electronics "
    "dynamics thermodynamics hydrodynamics electrodynamics chromodynamics kinetics genomics proteomics transcriptomics "
    "metabolomics photonics acoustics optics ethics bioethics politics semantics pragmatics phonetics analytics "
    "informatics bioinformatics kinematics aerodynamics forensics logistics cryogenics spintronics plasmonics "
    # names
    "bayes stokes descartes charles james hastings gibbs gates hughes jones williams adams vegas athens paris "
    "naples brussels graves keras los angeles higgs reynolds waals siemens edwards rhodes neurips "
    # acronyms that end in S; without it some would be others: SARS and SAR, UMLS and UML, NLOS and NLO
    "adas cmos crps dbms ddos lpips mcts nlos rkhs saas sars umls "
    "this thus plus minus tris chris"
)

_LISTED = _listed(
    # acronyms and words in -u and -i that the rule for -us and -is would keep
    "imus=imu emus=emu relus=relu gelus=gelu elus=elu prelus=prelu menus=menu icus=icu ecus=ecu apus=apu ipus=ipu",
    "apis=api rois=roi pois=poi aois=aoi guis=gui uuis=uui dois=doi agis=agi taxis=taxi emojis=emoji",
    "webuis=webui genais=genai xais=xai smis=smi anis=ani asis=asi eeis=eei",
    # plurals in -uses of words in -us, and other -ses of words in -s
    "viruses=virus coronaviruses=coronavirus statuses=status campuses=campus corpuses=corpus focuses=focus",
    "bonuses=bonus censuses=census consensuses=consensus apparatuses=apparatus octopuses=octopus buses=bus",
    "microbuses=microbus omnibuses=omnibus minibuses=minibus geniuses=genius radiuses=radius nexuses=nexus",
    "biases=bias aliases=alias gases=gas biogases=biogas lenses=lens atlases=atlas canvases=canvas irises=iris",
    "trellises=trellis noses=nose",
    # Greek and Latin plurals
    "axes=axis crises=crisis oases=oasis emphases=emphasis metastases=metastasis homeostases=homeostasis",
    "neuroses=neurosis psychoses=psychosis testes=testis synopses=synopsis ellipses=ellipse",
    # -ies of words in -ie
    "movies=movie cookies=cookie calories=calorie zombies=zombie selfies=selfie brownies=brownie rookies=rookie",
    "genies=genie prairies=prairie ties=tie lies=lie dies=die pies=pie sorties=sortie hoodies=hoodie pixies=pixie",
    "birdies=birdie hippies=hippie goodies=goodie",
    # -ches and the like of words in -che
    "caches=cache niches=niche aches=ache headaches=headache avalanches=avalanche psyches=psyche cliches=cliche",
    "quiches=quiche tranches=tranche moustaches=moustache axles=axle deluxes=deluxe",
    # -oes of words in -o, and doubled z
    "heroes=hero echoes=echo vetoes=veto mosquitoes=mosquito potatoes=potato tomatoes=tomato dominoes=domino",
    "volcanoes=volcano torpedoes=torpedo embargoes=embargo cargoes=cargo tornadoes=tornado",
    "quizzes=quiz fezzes=fez waltzes=waltz blitzes=blitz quartzes=quartz",
)

_SHORTEST = 4
_KEPT = ("ss", "us", "is", "ias")
_CONSONANTS = re.compile(r"[bcdfghjklmnpqrstvwxz]{1,8}[ui]s")
_ICES = re.compile(r"(.*(?:matr|append))ices")
_EX_ICES = re.compile(r"(.*(?:vert|cort|vort)|(?:sub|multi)?ind)ices")
_GREEK = (("yses", "ysis"), ("theses", "thesis"), ("noses", "nosis"))
_ES = ("sses", "xes", "ches", "shes", "tzes")


def singular(word: str) -> str:
    """The singular of ``word`` (folded to lower case, no white space); the word itself where there is none."""
    if len(word) < _SHORTEST or word[-1] != "s" or not word[-2].isalpha() or word in _UNCHANGED:
        return word
    listed = _LISTED.get(word)
    if listed is not None:
        return listed
    if word.endswith(_KEPT):
        return word[:-1] if _CONSONANTS.fullmatch(word) else word
    if word.endswith("es"):
        return _without_es(word)
    return word[:-1]


def _without_es(word: str) -> str:
    """The singular of a word in ``-es``."""
    if word.endswith("ies"):
        return word if word.endswith(("series", "species")) else word[:-3] + "y"
    for plural, form in _GREEK:
        if word.endswith(plural):
            return word[: -len(plural)] + form
    if matched := _ICES.fullmatch(word):
        return matched[1] + "ix"
    if matched := _EX_ICES.fullmatch(word):
        return matched[1] + "ex"
    return word[:-2] if word.endswith(_ES) else word[:-1]
