namespace IngressController.Tests.Edge.Smuggling;

/// <summary>A request over HTTP/2 that two readers may understand differently, above all once it is sent on over HTTP/1.1.</summary>
/// <param name="Name">Its family and what is peculiar.</param>
/// <param name="Fields">The field section, pseudo-header fields included, as it is sent.</param>
internal sealed record Http2Variant(string Name, (string Name, string Value)[] Fields)
{
    /// <summary>The payload of each DATA frame; none ends the stream with the field section.</summary>
    public string[] Data { get; init; } = [];

    /// <summary>The trailer section; null for none.</summary>
    public (string Name, string Value)[]? Trailers { get; init; }

    /// <summary>DATA after the end of the stream.</summary>
    public string? DataAfterEnd { get; init; }

    /// <summary>What must come of it.</summary>
    public Outcome Outcome { get; init; } = Outcome.Refused;
}
