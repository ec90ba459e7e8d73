namespace IngressController.Routing.Cluster;

/// <summary>
/// The certificate of a Secret, of type kubernetes.io/tls or of another one. <see cref="Certificate"/> is the last valid one: it stays when the Secret becomes invalid,
/// which <see cref="Problem"/> then reports.
/// </summary>
/// <param name="Name">The Secret.</param>
/// <param name="Certificate">The certificate to serve; null when the Secret never held a valid one.</param>
/// <param name="Problem">The problem of the Secret's current certificate; null when it is valid.</param>
public sealed record TlsSecret(ResourceName Name, TlsCertificate? Certificate, string? Problem)
{
    /// <summary>The UID of the Secret, for Events about it; null when it has none.</summary>
    public string? Uid { get; init; }

    /// <summary>True if it has <c>tls.crt</c> or <c>tls.key</c>, valid or not.</summary>
    public bool HasCertificate { get; init; }

    /// <summary>Its <c>ca.crt</c> as it is written; null when it has none. Read where it is used.</summary>
    public string? AuthoritiesText { get; init; }

    /// <summary>The state that follows <paramref name="previous"/>: an invalid Secret does not take down a working host.</summary>
    public TlsSecret After(TlsSecret? previous) => Certificate is null ? this with { Certificate = previous?.Certificate } : this;
}
