using System.Globalization;

namespace IngressController.Tests.Edge.Smuggling;

/// <summary>What must come of a request.</summary>
internal enum Outcome
{
    /// <summary>It is refused, or arrives once with one meaning.</summary>
    OnceOrRefused,

    /// <summary>It must not arrive whole: the RFCs want it to be refused, or readers differ.</summary>
    Refused,

    /// <summary>It is valid, and arrives once.</summary>
    Arrives,
}

/// <summary>A request over HTTP/1.1 that two readers may understand differently.</summary>
/// <param name="Name">Its family and what is peculiar.</param>
/// <param name="Bytes">What is sent, as Latin-1. It asks for <see cref="Path"/>, and may hold a second request for <see cref="Smuggled"/>.</param>
/// <param name="Outcome">What must come of it.</param>
internal sealed record SmugglingVariant(string Name, string Bytes, Outcome Outcome = Outcome.Refused)
{
    public const string Host = "front.example";

    /// <summary>The target that a variant asks for; the digits become its number.</summary>
    public const string Path = "/front/000";

    /// <summary>The target that must never arrive.</summary>
    public const string Smuggled = "/smuggled/000";

    /// <summary>A whole request for <see cref="Smuggled"/>.</summary>
    public const string SmuggledRequest = $"GET {Smuggled} HTTP/1.1\r\nHost: {Host}\r\n\r\n";

    private const string Number = "/000";

    /// <summary>Text with the number of a variant, of the same length.</summary>
    public static string Numbered(string text, int number) => text.Replace(Number, string.Create(CultureInfo.InvariantCulture, $"/{number:000}"), StringComparison.Ordinal);
}
