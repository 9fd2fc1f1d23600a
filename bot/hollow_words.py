"""Words that tell nothing of what a paper is about, however rare they are. Normalised (``bot.text``), English.

The words that every text has weigh nothing in the archive's index already; these are what papers say of themselves:
what they do, find, claim and compare. Collected by reading reasons that were given for pairs of real papers.
"""

from __future__ import annotations

_TELLS_NOTHING = """
ability able absence abstract academic accordance account achieve achievement acquire across act action additional
address adopt advance advancement advantage affect aforementioned aid aim allow alternative although among analysis
analyze answer appear applicability application apply approach appropriate area arise art article aspect assess assume
assumption attain attempt attention attract attribute author availability available avoid aware background bad basic
basis begin behavior behaviour beneficial benefit better beyond big body bottleneck branch brief bring broad build
building call candidate capability capable capacity capture case category cause ceiling center central certain challenge
change character characteristic characterization characterize choice choose claim class clear close code collect
collection combination combine common community comparable comparison competitive complete complex complexity component
comprehensive compute conclude conclusion concrete condition conduct configuration confirm connection consequence
consequently consider considerable consideration consistency consistent constitute construct construction contain
content contrast contribute contribution conventional core correct correspond corresponding cost couple cover create
creation criteria criterion critical crucial curated current daily data dataset date deal decade deep deeper define
definition degree deliver demand demonstrate demonstration depend dependence depth derive describe description design
desirable desired detail determine develop development difference different difficult difficulty direct direction
discover discovery discuss discussion display distinct distinguish diverse diversity drawback drive driven due early
easily easy effect effective effectiveness efficiency efficient effort element emerge emphasize empirical empirically
employ enable encourage end enhance enhancement enough ensure entire error essential establish estimate evaluate
evaluation evidence evident examine example exceed excellent exhibit exist existence existing expand expect expensive
experiment experimental explain explicit exploit explore expose express extend extension extensive extent extra extract
extreme facilitate fact factor fail failure fair faithful fall far fast feasibility feasible feature field final find
finding fine finite first fit fix flexibility flexible focus follow following form formal formulate formulation forward
foundation fraction framework free frequent frequently full fully function fundamental furthermore future gain gap
general generality generally generate generation give given global goal good great ground group grow growth guarantee
guidance guide hand handle hard help high higher highlight hinder hold holistic hope hundred hypothesis idea ideal
identification identify illustrate impact implement implementation implication importance important impose impressive
improve improvement include incorporate increase independent indicate individual inferior influence inform information
inherent initial input insight inspire instance integrate integration intend intention interest interesting intermediate
intrinsic introduce introduction intuition intuitive invaluable investigate investigation involve issue item job joint
key kind know known lack landscape large largely late lead leading learn less level leverage light like limit limitation
limited line link list literature little local long look low main maintain major make manner marginal mark match
material mathematical matter maximum mean meaningful measure measurement meet mention method methodology metric minimal
minimum mitigate mode modern modification modify moreover motivate motivation multi multiple namely natural nature near
necessary necessity need new next non notable note notion novel novelty number numerous objective observation observe
obstacle obtain occur offer old omni open operate operation opportunity optimal option order ordinary origin original
outcome outline outperform output overall overcome overlook overview page pair paper paradigm parameter part partial
particular party past path pattern perform performance period personal perspective phase phenomenon pick pipeline place
plausible play point poor popular portion pose position possess possibility possible post potential power powerful
practical practice pre precise precision predict preliminary presence present preserve prevent previous primarily
primary principle prior problem procedure proceed process produce product professional progress project prominent
promise promising promote proof proper property proportion proposal propose prove provide public publication publish
purpose pursue qualitative quality quantitative quantity question quick quite raise random range rapid rare rate rather
ratio reach readily real realistic reality realize reason reasonable receive recent recipe recommend record reduce
reduction refer reference refine reflect regard region relate related relation relationship relative relevance relevant
reliable rely remain remarkable remove repeat replace report represent representative require requirement research
researcher resource respect respective respond response restrict result reveal review rich rigorous rise robust role
root route routine rule run same sample satisfy save scale scenario schedule scheme scope score scratch second see seek
select selection self sense sensitivity separate sequence series serve set setting setup shape shaped share shed shift
short shortcoming show side significance significant similar similarity simple simplicity simultaneous single situation
size slow small solid solution solve sophisticated sort source space span specialize specific specification specify
spirit split stage stand standard start state statement static statistic step story straightforward strategy strength
strengthen strict strike strong structure struggle study subject subsequent substantial success successful suffer
sufficient suggest suit suitable suite summary superior superiority support surpass surprising survey suspect sustain
switch system tackle tailor take target task technical technique tend term test theme theoretical thing thorough thought
thousand time title today together tool top total toward towards track trade tradition traditional train training treat
treatment trend trial trivial true truth try turn type typical ubiquitous ultimate unable uncover underlie underlying
underscore understand understanding undertake unexpected unexplored unfortunately uniform unify unique unit universal
unknown unlike unlock unprecedented unseen update upper usage use useful user utility utilize valid validate validation
validity valuable value variant variation variety various vary vast verify version versus via viable view vital volume
want way weak weight well whole wide widespread wise work workflow world worst write yet yield zero
"""
_HOLDS_TOGETHER = """
a about above across after against all along am among an and any are as at based be because been before behind being
below between both but by can cannot could did do does done down during each either every few for from get had has have
having he her hers him his how however i if in into is it its itself just many may me might more most much must my
neither no nor not now of off on once one only onto or other others our ours out over own per same shall she should
since so some such than that the their them then there these they this those though through throughout thus to too two
under until up upon us using very via was we were what when where whether which while who whom whose why will with
within without would you your
"""
_HOLLOW = frozenset(_TELLS_NOTHING.split())
_JOINING = frozenset(_HOLDS_TOGETHER.split())

_NOUNS_ON_LY = frozenset({"anomaly", "assembly", "butterfly", "duopoly", "family", "homily", "italy", "monopoly",
                          "oligopoly", "supply"})  # fmt: skip
_NOUNS_ON_ED = frozenset({"breed", "embed", "feed", "need", "reed", "seaweed", "seed", "speed", "weed"})


def is_hollow(word: str) -> bool:
    """Whether a word tells nothing."""
    return word in _HOLLOW


def is_joining(word: str) -> bool:
    """Whether a word only holds others together."""
    return word in _JOINING


def is_weak(word: str) -> bool:
    """Whether a word needs another one after it: an adverb, a participle, or one that tells nothing."""
    return (
        is_hollow(word)
        or (word.endswith("ly") and word not in _NOUNS_ON_LY)
        or (word.endswith("ed") and len(word) > 3 and word not in _NOUNS_ON_ED)
    )
