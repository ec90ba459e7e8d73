using IngressController.Pipeline;
using IngressController.Routing.Table;

namespace IngressController.Views;

/// <summary>What happens to a request and why: for people as text, for programs as JSON.</summary>
internal sealed record Explanation
{
    public required ExplainedRequest Request { get; init; }

    /// <summary>What would happen.</summary>
    public required Verdict Verdict { get; init; }

    /// <summary>The entries that the host could have led to, the most specific first.</summary>
    public required HostEntry[] Hosts { get; init; }

    /// <summary>The paths of the chosen host in the order in which they go before one another.</summary>
    public required PathEntry[] Paths { get; init; }

    /// <summary>How many paths that do not match are left out.</summary>
    public int PathsLeftOut { get; init; }

    /// <summary>The route that matched; null when none did.</summary>
    public RouteView? Route { get; init; }

    /// <summary>What the route's Ingress asks for.</summary>
    public required PolicyEntry[] Policies { get; init; }

    /// <summary>Where the values in force come from.</summary>
    public required PolicySource[] Sources { get; init; }

    /// <summary>What is done to the request before it is forwarded, in order.</summary>
    public required StepEntry[] Steps { get; init; }

    /// <summary>Where the route leads; null when it leads nowhere.</summary>
    public BackendEntry? Backend { get; init; }

    /// <summary>What a TLS client gets; null for plain HTTP.</summary>
    public CertificateView? Certificate { get; init; }

    /// <summary>What is wrong with the route's Ingress.</summary>
    public required DiagnosticView[] Diagnostics { get; init; }
}

/// <param name="Method">The method.</param>
/// <param name="Url">The URL as it was given.</param>
/// <param name="Host">The Host field.</param>
/// <param name="Path">The path as it is matched, dot segments resolved; null when it is refused.</param>
/// <param name="Client">Whom it comes from.</param>
internal sealed record ExplainedRequest(string Method, string Url, string Host, string? Path, string Client);

/// <param name="Status">The status of our own answer; null when the backend answers.</param>
/// <param name="Location">Where our own answer sends the client.</param>
/// <param name="ForwardedTo">The backend that answers; null when we do.</param>
/// <param name="Reason">Why, in one clause.</param>
internal sealed record Verdict(int? Status, string? Location, string? ForwardedTo, string Reason);

internal sealed record HostEntry(string Entry, bool IsChosen, string Reason);

internal sealed record PathEntry(string PathType, string Path, string Ingress, string Field, bool IsChosen, string Reason);

/// <param name="Name">The policy.</param>
/// <param name="Values">Its values in force; secrets are redacted.</param>
internal sealed record PolicyEntry(string Name, string Values);

internal sealed record StepEntry(string Name, string Values, StepOutcome Outcome);

/// <param name="Name">Service and port.</param>
/// <param name="Protocol">How it is spoken to.</param>
/// <param name="Endpoints">Where it can be reached.</param>
/// <param name="Problems">What is wrong with it.</param>
/// <param name="Path">The target that it would get; null when the request is not forwarded.</param>
/// <param name="Host">The Host that it would get; null when the request is not forwarded.</param>
/// <param name="Note">What to know about the endpoints.</param>
internal sealed record BackendEntry(
    string Name, BackendProtocol Protocol, string[] Endpoints, string[] Problems, string? Path, string? Host, string? Note = null);
