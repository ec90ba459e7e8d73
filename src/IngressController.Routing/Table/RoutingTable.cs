using System.Collections.Immutable;

namespace IngressController.Routing.Table;

/// <summary>
/// The result of translation: every host with its routes, every backend with its endpoints, every host with its certificate.
/// Immutable, and free of Kubernetes' and YARP's types.
/// </summary>
public sealed record RoutingTable
{
    public static RoutingTable Empty { get; } = new();

    /// <summary>By host in lower case: <c>app.example.com</c>, <c>*.example.com</c>, or empty for rules without a host.</summary>
    public ImmutableDictionary<string, VirtualHost> Hosts { get; init; } = ImmutableDictionary<string, VirtualHost>.Empty;

    /// <summary>Further names of hosts, by name; none is a host itself.</summary>
    public ImmutableDictionary<string, HostAlias> Aliases { get; init; } = ImmutableDictionary<string, HostAlias>.Empty;

    public ImmutableDictionary<BackendId, Backend> Backends { get; init; } = ImmutableDictionary<BackendId, Backend>.Empty;

    /// <summary>By host in lower case, exact or one-label wildcard.</summary>
    public ImmutableDictionary<string, TlsBinding> TlsBindings { get; init; } = ImmutableDictionary<string, TlsBinding>.Empty;

    /// <summary>The operator's certificate for hosts without their own; null means the self-signed one made at start.</summary>
    public TlsBinding? DefaultCertificate { get; init; }

    /// <summary>The operator's backend for requests that match nothing; null answers 404.</summary>
    public Route? DefaultRoute { get; init; }

    /// <summary>How many replicas of this controller share the traffic, at least 1: a limit of the whole cluster is divided by it.</summary>
    public int Replicas { get; init; } = 1;
}

/// <summary>
/// One host with its routes in the order they are tried: Exact first, then the longest Prefix; or, where they are regular expressions, the
/// longest as it is written. Those of one path by order, predicates and age.
/// </summary>
/// <param name="Host">The host in lower case.</param>
/// <param name="Routes">No two have the same match and predicates.</param>
/// <param name="Default">The <c>spec.defaultBackend</c> of the oldest Ingress of this host.</param>
public sealed record VirtualHost(string Host, EquatableArray<Route> Routes, Route? Default)
{
    /// <summary>Whether any of its Ingresses has <c>spec.tls</c>, good or not: then http is sent to https.</summary>
    public bool HasTls { get; init; }

    /// <summary>The route for exactly <c>/</c> of the whole host, before all others; null when there is none.</summary>
    public Route? Root { get; init; }
}

/// <summary>A further name of a host.</summary>
/// <param name="Name">A name, <c>*.example.com</c> for any depth, or <c>~</c> and a regular expression.</param>
/// <param name="Target">The host it stands for.</param>
/// <param name="Redirect">The status with which its requests are sent to the host; null serves them as the host's.</param>
/// <param name="Ingress">The Ingress that asks for it.</param>
/// <param name="Annotation">The annotation that asks for it, without prefix.</param>
public sealed record HostAlias(string Name, string Target, int? Redirect, ResourceName Ingress, string Annotation);

/// <summary>The certificate of a host.</summary>
/// <param name="Host">The host, exact or one-label wildcard.</param>
/// <param name="Secret">The Secret it comes from; null when none is named.</param>
/// <param name="Certificate">
/// Null means the default certificate, also where another Ingress's wildcard certificate would cover the host: who routes a host and says
/// how it is served must not get a stranger's certificate because a Secret is missing.
/// </param>
public sealed record TlsBinding(string Host, ResourceName? Secret, TlsCertificate? Certificate);
