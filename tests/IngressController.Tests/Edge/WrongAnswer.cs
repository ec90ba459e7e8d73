namespace IngressController.Tests.Edge;

/// <summary>What a client gets of a wrong answer.</summary>
internal enum Outcome
{
    /// <summary>The answer, whole.</summary>
    Complete,

    /// <summary>Head and part of the body, and then the cut.</summary>
    Cut,

    /// <summary>A 502 of the proxy.</summary>
    Refused,

    /// <summary>A 502, or the cut if a part has been sent before the mistake was seen.</summary>
    RefusedOrCut,
}

/// <summary>An answer of a backend that breaks the rules, or comes near to it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Bytes">What the backend sends; it waits for a moment at each U+FFFF.</param>
/// <param name="Outcome">What the client gets.</param>
/// <param name="Status">The status, if the answer is not refused.</param>
/// <param name="Body">The body, or the part of it that arrives.</param>
/// <param name="End">What the backend does then.</param>
internal sealed record WrongAnswer(string Name, string Bytes, Outcome Outcome, int Status = 200, string Body = "", AfterAnswer End = AfterAnswer.Closes)
{
    public override string ToString() => Name;
}

/// <summary>What a backend does after an answer.</summary>
internal enum AfterAnswer
{
    Closes,
    Resets,
    Stays,
}
