namespace IngressController.Kubernetes.Transport;

/// <summary>Something an operator may want to know about the connection to the API server; the host decides how to log it.</summary>
public abstract record ClientNotice
{
    private ClientNotice()
    {
    }

    /// <summary>One sentence without credentials.</summary>
    public abstract string Message { get; }

    /// <summary>The configuration is allowed but unwise; sent once, when the client is built.</summary>
    public sealed record ConfigurationWarning(string Warning) : ClientNotice
    {
        public override string Message => Warning;
    }

    /// <summary>A token, CA or client certificate file cannot be read or used; the last good content stays in use.</summary>
    public sealed record CredentialFileUnusable(string Path, string Error) : ClientNotice
    {
        public override string Message => $"{Path} cannot be used, the content read before stays in use: {Error}";
    }

    /// <summary>The CA or the client certificate changed; new requests use new connections.</summary>
    public sealed record TransportReloaded(string Reason) : ClientNotice
    {
        public override string Message => $"new connections to the API server: {Reason}";
    }

    /// <summary>The server refused the token; it is read or made anew and the request is tried once more.</summary>
    public sealed record CredentialRefused(string Source) : ClientNotice
    {
        public override string Message => $"the API server answered 401, reloading the credential from {Source}";
    }
}
