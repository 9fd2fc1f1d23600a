"""What LaTeX commands stand for in Unicode: letters, symbols, accents, raised and lowered signs.

Names are without the backslash. Only commands that occur in arXiv's titles and abstracts are listed; ``bot.latex``
decides about every other. Meanings: "The Comprehensive LaTeX Symbol List" (CTAN) and Unicode Technical Report #25.
"""

from __future__ import annotations


def _pairs(*lines: str) -> dict[str, str]:
    return dict(pair.split("=", 1) for line in lines for pair in line.split())


SYMBOLS: dict[str, str] = _pairs(
    # Greek
    "alpha=α beta=β gamma=γ delta=δ epsilon=ε varepsilon=ε zeta=ζ eta=η theta=θ vartheta=θ iota=ι kappa=κ varkappa=κ",
    "lambda=λ mu=μ nu=ν xi=ξ omicron=ο pi=π varpi=π rho=ρ varrho=ρ sigma=σ varsigma=ς tau=τ upsilon=υ phi=φ varphi=φ",
    "chi=χ psi=ψ omega=ω Gamma=Γ Delta=Δ Theta=Θ Lambda=Λ Xi=Ξ Pi=Π Sigma=Σ Upsilon=Υ Phi=Φ Psi=Ψ Omega=Ω",
    "varGamma=Γ varDelta=Δ varTheta=Θ varLambda=Λ varXi=Ξ varPi=Π varSigma=Σ varPhi=Φ varPsi=Ψ varOmega=Ω",
    "textmu=μ micro=µ textalpha=α textbeta=β textgamma=γ textdelta=δ textlambda=λ textpi=π textsigma=σ",
    # letters
    "ss=ß o=ø O=Ø l=ł L=Ł ae=æ AE=Æ oe=œ OE=Œ aa=å AA=Å i=ı j=ȷ dj=đ DJ=Đ dh=ð DH=Ð th=þ TH=Þ",
    "ng=ŋ NG=Ŋ imath=ı jmath=ȷ",
    "ell=ℓ hbar=ħ hslash=ħ Re=Re Im=Im wp=℘ aleph=ℵ beth=ℶ eth=ð",
    # relations
    "le=≤ leq=≤ leqslant=⩽ ge=≥ geq=≥ geqslant=⩾ ne=≠ neq=≠ ll=≪ gg=≫ approx=≈ sim=∼ simeq=≃ cong=≅ equiv=≡ propto=∝",
    "lesssim=≲ gtrsim=≳ asymp=≍ prec=≺ succ=≻ preceq=⪯ succeq=⪰ perp=⊥ parallel=∥ mid=| in=∈ notin=∉ ni=∋ subset=⊂",
    "subseteq=⊆ supset=⊃ supseteq=⊇ subsetneq=⊊ vdash=⊢ dashv=⊣ vDash=⊨ models=⊨ doteq=≐ triangleq=≜ lt=< gt=>",
    # operators
    "times=× div=÷ pm=± mp=∓ cdot=· ast=* star=⋆ circ=∘ bullet=• oplus=⊕ ominus=⊖ otimes=⊗ odot=⊙ cap=∩ cup=∪ wedge=∧",
    "vee=∨ land=∧ lor=∨ neg=¬ lnot=¬ setminus=∖ rtimes=⋊ ltimes=⋉ boxtimes=⊠ diamond=⋄ dagger=† ddagger=‡ amalg=⨿",
    "sum=∑ prod=∏ coprod=∐ int=∫ oint=∮ iint=∬ bigcap=⋂ bigcup=⋃ bigoplus=⨁ bigotimes=⨂ nabla=∇ partial=∂ infty=∞",
    "forall=∀ exists=∃ nexists=∄ emptyset=∅ varnothing=∅ angle=∠ triangle=△ square=□ Box=□ bigcirc=◯ bigstar=★",
    "texttimes=× textpm=± textdiv=÷ surd=√ top=⊤ bot=⊥ prime=′ sharp=♯ flat=♭ natural=♮ blacksquare=■ checkmark=✓",
    # arrows
    "to=→ rightarrow=→ leftarrow=← gets=← leftrightarrow=↔ uparrow=↑ downarrow=↓ updownarrow=↕ Rightarrow=⇒",
    "Leftarrow=⇐ Leftrightarrow=⇔ iff=⇔ implies=⇒ mapsto=↦ longmapsto=⟼ longrightarrow=⟶ longleftarrow=⟵",
    "hookrightarrow=↪ twoheadrightarrow=↠ rightleftharpoons=⇌ rightharpoonup=⇀ leadsto=⇝ nearrow=↗ searrow=↘",
    "multimap=⊸ rightsquigarrow=⇝ xrightarrow=→ xleftarrow=←",
    # brackets
    "langle=⟨ rangle=⟩ lceil=⌈ rceil=⌉ lfloor=⌊ rfloor=⌋ lvert=| rvert=| vert=| lVert=‖ rVert=‖ Vert=‖",
    "lbrace={ rbrace=}",
    "lbrack=[ rbrack=] backslash=\\ slash=/ colon=:",
    # dots and signs of text
    "dots=… ldots=… cdots=… vdots=⋮ ddots=⋱ textellipsis=… S=§ P=¶ copyright=© pounds=£ dag=† ddag=‡ textregistered=®",
    "texttrademark=™ textdegree=° degree=° celsius=°C textcelsius=℃ textendash=– textemdash=— textquoteright=’",
    "textquoteleft=‘ textquotedblleft=“ textquotedblright=” textquotesingle=' textasciitilde=~ textasciicircum=^",
    "textbackslash=\\ textunderscore=_ textbar=| textless=< textgreater=> textdollar=$ textbullet=•",
    "lq=‘ rq=’ guillemotleft=«",
    "guillemotright=» textperthousand=‰ euro=€ texteuro=€ textonehalf=½",
)

SPACES = frozenset({"quad", "qquad", "enspace", "thinspace", "space", "newline", "par", "linebreak", "hfill", "break"})
"""Commands that are white space."""

ACCENTS: dict[str, str] = {
    "`": "\u0300", "'": "\u0301", "^": "\u0302", "~": "\u0303", "=": "\u0304", ".": "\u0307", '"': "\u0308",
    "u": "\u0306", "r": "\u030a", "H": "\u030b", "v": "\u030c", "c": "\u0327", "k": "\u0328", "d": "\u0323",
    "b": "\u0331", "t": "\u0361",
    "bar": "\u0304", "hat": "\u0302", "tilde": "\u0303", "vec": "\u20d7", "dot": "\u0307", "ddot": "\u0308",
    "check": "\u030c", "breve": "\u0306", "acute": "\u0301", "grave": "\u0300", "mathring": "\u030a",
}  # fmt: skip
"""Command → combining mark over (or under) one letter."""

BLACKBOARD: dict[str, str] = dict(zip("CHNPQRZ", "ℂℍℕℙℚℝℤ", strict=True))

RAISED: dict[str, str] = dict(
    zip(
        "0123456789+-−=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVWβγδφχ",
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂᵝᵞᵟᵠᵡ",
        strict=True,
    )
) | {"∘": "°", "°": "°", "′": "′", "*": "*", "∗": "*", "†": "†", "⋆": "*", "'": "′"}

LOWERED: dict[str, str] = dict(
    zip("0123456789+-−=()aehijklmnoprstuvxβγρφχ", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ", strict=True)
)
