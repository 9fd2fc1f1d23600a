"""arXiv's categories and their names, as listed at https://arxiv.org/category_taxonomy.

``CATEGORIES`` are those that new papers can have; ``OLD_CATEGORIES`` were closed or merged long ago and stand in old
papers only. A category is written ``archive.SUBJECT`` (``cs.CL``) or is an archive of its own (``hep-th``).
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from types import MappingProxyType

_TAXONOMY = """
astro-ph Astrophysics: CO Cosmology and Nongalactic Astrophysics | EP Earth and Planetary Astrophysics
    | GA Astrophysics of Galaxies | HE High Energy Astrophysical Phenomena
    | IM Instrumentation and Methods for Astrophysics | SR Solar and Stellar Astrophysics
cond-mat Condensed Matter: dis-nn Disordered Systems and Neural Networks | mes-hall Mesoscale and Nanoscale Physics
    | mtrl-sci Materials Science | other Other Condensed Matter | quant-gas Quantum Gases | soft Soft Condensed Matter
    | stat-mech Statistical Mechanics | str-el Strongly Correlated Electrons | supr-con Superconductivity
cs Computer Science: AI Artificial Intelligence | AR Hardware Architecture | CC Computational Complexity
    | CE Computational Engineering, Finance, and Science | CG Computational Geometry | CL Computation and Language
    | CR Cryptography and Security | CV Computer Vision and Pattern Recognition | CY Computers and Society
    | DB Databases | DC Distributed, Parallel, and Cluster Computing | DL Digital Libraries | DM Discrete Mathematics
    | DS Data Structures and Algorithms | ET Emerging Technologies | FL Formal Languages and Automata Theory
    | GL General Literature | GR Graphics | GT Computer Science and Game Theory | HC Human-Computer Interaction
    | IR Information Retrieval | IT Information Theory | LG Machine Learning | LO Logic in Computer Science
    | MA Multiagent Systems | MM Multimedia | MS Mathematical Software | NA Numerical Analysis
    | NE Neural and Evolutionary Computing | NI Networking and Internet Architecture | OH Other Computer Science
    | OS Operating Systems | PF Performance | PL Programming Languages | RO Robotics | SC Symbolic Computation
    | SD Sound | SE Software Engineering | SI Social and Information Networks | SY Systems and Control
econ Economics: EM Econometrics | GN General Economics | TH Theoretical Economics
eess Electrical Engineering and Systems Science: AS Audio and Speech Processing | IV Image and Video Processing
    | SP Signal Processing | SY Systems and Control
gr-qc General Relativity and Quantum Cosmology
hep-ex High Energy Physics - Experiment
hep-lat High Energy Physics - Lattice
hep-ph High Energy Physics - Phenomenology
hep-th High Energy Physics - Theory
math Mathematics: AC Commutative Algebra | AG Algebraic Geometry | AP Analysis of PDEs | AT Algebraic Topology
    | CA Classical Analysis and ODEs | CO Combinatorics | CT Category Theory | CV Complex Variables
    | DG Differential Geometry | DS Dynamical Systems | FA Functional Analysis | GM General Mathematics
    | GN General Topology | GR Group Theory | GT Geometric Topology | HO History and Overview | IT Information Theory
    | KT K-Theory and Homology | LO Logic | MG Metric Geometry | MP Mathematical Physics | NA Numerical Analysis
    | NT Number Theory | OA Operator Algebras | OC Optimization and Control | PR Probability | QA Quantum Algebra
    | RA Rings and Algebras | RT Representation Theory | SG Symplectic Geometry | SP Spectral Theory
    | ST Statistics Theory
math-ph Mathematical Physics
nlin Nonlinear Sciences: AO Adaptation and Self-Organizing Systems | CD Chaotic Dynamics
    | CG Cellular Automata and Lattice Gases | PS Pattern Formation and Solitons
    | SI Exactly Solvable and Integrable Systems
nucl-ex Nuclear Experiment
nucl-th Nuclear Theory
physics Physics: acc-ph Accelerator Physics | ao-ph Atmospheric and Oceanic Physics | app-ph Applied Physics
    | atm-clus Atomic and Molecular Clusters | atom-ph Atomic Physics | bio-ph Biological Physics
    | chem-ph Chemical Physics | class-ph Classical Physics | comp-ph Computational Physics
    | data-an Data Analysis, Statistics and Probability | ed-ph Physics Education | flu-dyn Fluid Dynamics
    | gen-ph General Physics | geo-ph Geophysics | hist-ph History and Philosophy of Physics
    | ins-det Instrumentation and Detectors | med-ph Medical Physics | optics Optics | plasm-ph Plasma Physics
    | pop-ph Popular Physics | soc-ph Physics and Society | space-ph Space Physics
q-bio Quantitative Biology: BM Biomolecules | CB Cell Behavior | GN Genomics | MN Molecular Networks
    | NC Neurons and Cognition | OT Other Quantitative Biology | PE Populations and Evolution
    | QM Quantitative Methods | SC Subcellular Processes | TO Tissues and Organs
q-fin Quantitative Finance: CP Computational Finance | EC Economics | GN General Finance | MF Mathematical Finance
    | PM Portfolio Management | PR Pricing of Securities | RM Risk Management | ST Statistical Finance
    | TR Trading and Market Microstructure
quant-ph Quantum Physics
stat Statistics: AP Applications | CO Computation | ME Methodology | ML Machine Learning | OT Other Statistics
    | TH Statistics Theory
"""

_CLOSED = """
acc-phys Accelerator Physics | adap-org Adaptation, Noise, and Self-Organizing Systems | alg-geom Algebraic Geometry
    | ao-sci Atmospheric-Oceanic Sciences | atom-ph Atomic, Molecular and Optical Physics | bayes-an Bayesian Analysis
    | chao-dyn Chaotic Dynamics | chem-ph Chemical Physics | cmp-lg Computation and Language
    | comp-gas Cellular Automata and Lattice Gases | dg-ga Differential Geometry | funct-an Functional Analysis
    | mtrl-th Materials Theory | patt-sol Pattern Formation and Solitons | plasm-ph Plasma Physics
    | q-alg Quantum Algebra and Topology | solv-int Exactly Solvable and Integrable Systems
    | supr-con Superconductivity
"""


def _read(taxonomy: str) -> tuple[dict[str, str], dict[str, str]]:
    """Categories and archives of a table with one archive a line, continued by ``|``."""
    categories: dict[str, str] = {}
    archives: dict[str, str] = {}
    for line in taxonomy.replace("\n    ", " ").strip().splitlines():
        heading, _, subjects = line.partition(": ")
        archive, _, name = heading.partition(" ")
        archives[archive] = name
        if not subjects:
            categories[archive] = name
        for subject in subjects.split(" | ") if subjects else ():
            code, _, title = subject.partition(" ")
            categories[f"{archive}.{code}"] = title
    return categories, archives


_categories, _archives = _read(_TAXONOMY)

CATEGORIES: Mapping[str, str] = MappingProxyType(_categories)
"""Category → name, for the categories of new papers."""

ARCHIVES: Mapping[str, str] = MappingProxyType(_archives)
"""Archive → name; those that are a category themselves are in ``CATEGORIES`` too."""

OLD_CATEGORIES: Mapping[str, str] = MappingProxyType(
    dict(entry.strip().split(" ", 1) for entry in _CLOSED.replace("\n", " ").split("|"))
)
"""Category → name, for categories that new papers cannot have."""

_BY_FOLDED = {name.casefold(): name for name in (*OLD_CATEGORIES, *CATEGORIES)}
_GROUPS = {f"{archive}.": archive for archive in ARCHIVES if archive not in CATEGORIES}
_GROUPS_FOLDED = {group.casefold(): group for group in _GROUPS}


def find_category(text: str) -> str | None:
    """A category in arXiv's spelling, whatever case it was typed in; None when there is none such."""
    return _BY_FOLDED.get(text.casefold())


def find_group(text: str) -> str | None:
    """The archive, with its dot, of ``cs.*`` or ``cs.``, whatever case it was typed in; None when there is none."""
    return _GROUPS_FOLDED.get(text.casefold().removesuffix("*"))


def category_name(category: str) -> str:
    """The name of a category, or of an archive given with its dot (``cs.``); the text itself when it has none."""
    name = CATEGORIES.get(category) or OLD_CATEGORIES.get(category) or ARCHIVES.get(category.removesuffix("."))
    return name or category


def closest_category(text: str) -> str | None:
    """What somebody who typed ``text`` most likely meant: a category, or a whole archive as ``cs.*``.

    An archive (``cs``), a subject alone (``CL``), a name ("machine learning") and slips of the keyboard are understood;
    None when nothing is near.
    """
    folded = text.casefold().strip(".* ")[:60]
    if not folded:
        return None
    if f"{folded}." in _GROUPS:
        return f"{folded}.*"
    if folded in _BY_FOLDED:
        return _BY_FOLDED[folded]
    for known, title in CATEGORIES.items():
        if folded in (known.partition(".")[2].casefold(), title.casefold()):
            return known
    for archive, title in ARCHIVES.items():
        if folded == title.casefold():
            return f"{archive}.*"
    near = difflib.get_close_matches(folded.replace("-", ".").replace("/", "."), _BY_FOLDED, n=1, cutoff=0.6)
    near = near or difflib.get_close_matches(folded, _BY_FOLDED, n=1, cutoff=0.6)
    return _BY_FOLDED[near[0]] if near else None
