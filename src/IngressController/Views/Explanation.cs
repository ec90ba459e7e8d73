using IngressController.Pipeline;
using IngressController.Routing.Table;

namespace IngressController.Views;

/// <summary>The explanation of a request.</summary>
internal sealed record Explanation
{
    public required ExplainedRequest Request { get; init; }

    public required Verdict Verdict { get; init; }

    /// <summary>The host entries that were considered, the most specific first.</summary>
    public required HostEntry[] Hosts { get; init; }

    /// <summary>The paths of the chosen host, in order of precedence.</summary>
    public required PathEntry[] Paths { get; init; }

    /// <summary>Number of paths that do not match and are not listed.</summary>
    public int PathsLeftOut { get; init; }

    /// <summary>The route that matched; null when none did.</summary>
    public RouteView? Route { get; init; }

    /// <summary>The policies of the route.</summary>
    public required PolicyEntry[] Policies { get; init; }

    /// <summary>The sources of the values that apply.</summary>
    public required PolicySource[] Sources { get; init; }

    /// <summary>The steps of the pipeline, in order.</summary>
    public required StepEntry[] Steps { get; init; }

    /// <summary>The backends that can serve such a request, in the order in which they are asked; null when the route has one only.</summary>
    public AlternativeEntry[]? Alternatives { get; init; }

    /// <summary>The backend of the route; null when it has none.</summary>
    public BackendEntry? Backend { get; init; }

    /// <summary>The certificate that a TLS client gets; null for plain HTTP.</summary>
    public CertificateView? Certificate { get; init; }

    /// <summary>The diagnostics of the route's Ingress.</summary>
    public required DiagnosticView[] Diagnostics { get; init; }
}

/// <param name="Method">The method.</param>
/// <param name="Url">The URL as it was given.</param>
/// <param name="Host">The Host header.</param>
/// <param name="Path">The path for matching, with dot segments resolved; null when it is rejected.</param>
/// <param name="Client">The IP address of the client.</param>
internal sealed record ExplainedRequest(string Method, string Url, string Host, string? Path, string Client);

/// <param name="Status">The status of the local reply; null when the request is forwarded.</param>
/// <param name="Location">The Location header of the local reply.</param>
/// <param name="ForwardedTo">The backend that the request is forwarded to; null for a local reply.</param>
/// <param name="Reason">The reason, in one clause.</param>
internal sealed record Verdict(int? Status, string? Location, string? ForwardedTo, string Reason);

/// <param name="Backend">Service and port.</param>
/// <param name="Source">Who names it: main, a canary, or backend-weights.</param>
/// <param name="Percent">Its share of such requests.</param>
/// <param name="IsChosen">True if the explanation goes on with it: no other one has a greater share.</param>
/// <param name="Reason">The reason, in one clause.</param>
internal sealed record AlternativeEntry(string Backend, string Source, double Percent, bool IsChosen, string Reason);

internal sealed record HostEntry(string Entry, bool IsChosen, string Reason);

internal sealed record PathEntry(string PathType, string Path, string Ingress, string Field, bool IsChosen, string Reason);

internal sealed record StepEntry(string Name, string Values, StepOutcome Outcome);

/// <param name="Name">Service and port.</param>
/// <param name="Protocol">The protocol.</param>
/// <param name="Endpoints">The endpoints.</param>
/// <param name="Problems">The problems of the backend.</param>
/// <param name="Path">The request target that it receives; null when the request is not forwarded.</param>
/// <param name="Host">The Host header that it receives; null when the request is not forwarded.</param>
/// <param name="Note">A note about the endpoints; null for none.</param>
internal sealed record BackendEntry(
    string Name, BackendProtocol Protocol, string[] Endpoints, string[] Problems, string? Path, string? Host, string? Note = null);
