namespace IngressController.Kubernetes.Transport;

/// <summary>An event of the connection to the API server, for operators; the host decides how to log it.</summary>
public abstract record ClientNotice
{
    private ClientNotice()
    {
    }

    /// <summary>The text for the log: one sentence without credentials.</summary>
    public abstract string Message { get; }

    /// <summary>The configuration is allowed but unsafe; reported once, when the client is created.</summary>
    public sealed record ConfigurationWarning(string Warning) : ClientNotice
    {
        public override string Message => Warning;
    }

    /// <summary>A token, CA or client certificate file cannot be read or used; the last valid content stays in use.</summary>
    public sealed record CredentialFileUnusable(string Path, string Error) : ClientNotice
    {
        public override string Message => $"{Path} cannot be used, its last valid content stays in use: {Error}";
    }

    /// <summary>The CA or the client certificate changed; new requests use new connections.</summary>
    public sealed record TransportReloaded(string Reason) : ClientNotice
    {
        public override string Message => $"opening new connections to the API server: {Reason}";
    }

    /// <summary>The server rejected the token; the credential is reloaded and the request retried once.</summary>
    public sealed record CredentialRefused(string Source) : ClientNotice
    {
        public override string Message => $"the API server answered 401, reloading the credential from {Source}";
    }
}
