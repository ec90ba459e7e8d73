using System.Collections.Immutable;

namespace IngressController.Routing.Table;

/// <summary>
/// The result of translation: hosts with their routes, backends with their endpoints, certificates. Immutable, and free of Kubernetes' and
/// YARP's types.
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

    /// <summary>The operator's certificate for hosts without their own; null means the self-signed one made at startup.</summary>
    public TlsBinding? DefaultCertificate { get; init; }

    /// <summary>The operator's backend for requests that match nothing; null answers 404.</summary>
    public Route? DefaultRoute { get; init; }

    /// <summary>The number of ready replicas of this controller, at least 1: cluster-wide limits are divided by it.</summary>
    public int Replicas { get; init; } = 1;
}

/// <summary>
/// A host with its routes in the order in which they are tried: Exact first, then the longest Prefix; for regular expressions, the longest
/// text first. Routes of one path are in order of order, predicates and age.
/// </summary>
/// <param name="Host">The host in lower case.</param>
/// <param name="Routes">No two have the same match and predicates.</param>
/// <param name="Default">The <c>spec.defaultBackend</c> of the oldest Ingress of this host.</param>
public sealed record VirtualHost(string Host, EquatableArray<Route> Routes, Route? Default)
{
    /// <summary>True if any of its Ingresses has <c>spec.tls</c>, valid or not: http is then redirected to https.</summary>
    public bool HasTls { get; init; }

    /// <summary>The route for exactly <c>/</c> of the whole host, before all others; null when there is none.</summary>
    public Route? Root { get; init; }

    /// <summary>The routes and the default one.</summary>
    internal IEnumerable<Route> AllRoutes => Default is null ? Routes : Routes.Append(Default);
}

/// <summary>A further name of a host.</summary>
/// <param name="Name">A name, <c>*.example.com</c> for any depth, or <c>~</c> and a regular expression.</param>
/// <param name="Target">The host.</param>
/// <param name="Redirect">The status that redirects its requests to the host; null serves them as the host's.</param>
/// <param name="Ingress">The Ingress that asks for it.</param>
/// <param name="Annotation">The annotation that asks for it, without prefix.</param>
public sealed record HostAlias(string Name, string Target, int? Redirect, ResourceName Ingress, string Annotation)
{
    /// <summary>The field of the Ingress that asks for it.</summary>
    public string Field { get; init; } = $"metadata.annotations[{Annotation}]";
}

/// <summary>The certificate of a host.</summary>
/// <param name="Host">The host, exact or one-label wildcard.</param>
/// <param name="Secret">The Secret; null when none is named.</param>
/// <param name="Certificate">
/// Null means the default certificate, even where another Ingress's wildcard certificate covers the host: a missing Secret must not give a
/// host the certificate of another tenant.
/// </param>
public sealed record TlsBinding(string Host, ResourceName? Secret, TlsCertificate? Certificate);
