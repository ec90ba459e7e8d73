namespace IngressController.Routing.Cluster;

/// <summary>
/// A Secret of type kubernetes.io/tls, already parsed. <see cref="Certificate"/> is the last good one: it stays when the Secret
/// becomes invalid, and <see cref="Problem"/> says so.
/// </summary>
/// <param name="Name">The Secret.</param>
/// <param name="Certificate">The certificate to serve; null when the Secret never held a good one.</param>
/// <param name="Problem">What is wrong with the Secret as it is now; null when it is good.</param>
public sealed record TlsSecret(ResourceName Name, TlsCertificate? Certificate, string? Problem)
{
    /// <summary>Who the Secret is, for Events about it; null where nobody gave it one.</summary>
    public string? Uid { get; init; }

    /// <summary>What counts after <paramref name="previous"/>: a mistake in a Secret does not take down a host that works.</summary>
    public TlsSecret After(TlsSecret? previous) => Certificate is null ? this with { Certificate = previous?.Certificate } : this;
}
