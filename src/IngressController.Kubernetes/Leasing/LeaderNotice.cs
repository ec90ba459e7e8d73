using System.Net.Sockets;
using IngressController.Kubernetes.Client;
using k8s.Exceptions;

namespace IngressController.Kubernetes.Leasing;

/// <summary>What happens to a candidate, for logs and metrics.</summary>
public abstract record LeaderNotice
{
    private LeaderNotice()
    {
    }

    /// <summary>One sentence.</summary>
    public abstract string Message { get; }

    /// <summary>This candidate has become the leader.</summary>
    public sealed record Leads(string Lease) : LeaderNotice
    {
        public override string Message => $"leads now: holds the Lease {Lease}";
    }

    /// <summary>It is the leader no more; said at the moment its term ends, when its work is still ending.</summary>
    public sealed record LeadsNoMore(string Reason) : LeaderNotice
    {
        public override string Message => $"leads no more: {Reason}";
    }

    /// <summary>Another one leads; said when it changes.</summary>
    public sealed record Follows(string Leader) : LeaderNotice
    {
        public override string Message => $"{Leader} leads";
    }

    /// <summary>The lease was given back: another can take it at once.</summary>
    public sealed record Released(string Lease) : LeaderNotice
    {
        public override string Message => $"gave the Lease {Lease} back";
    }

    /// <summary>The API server answers again.</summary>
    public sealed record Recovered(string Lease) : LeaderNotice
    {
        public override string Message => $"the Lease {Lease} can be read and written";
    }

    /// <summary>A request failed.</summary>
    /// <param name="Lease">The Lease, as NAMESPACE/NAME.</param>
    /// <param name="Action">What was tried: <c>get or renew</c>.</param>
    /// <param name="Error">What it ended with.</param>
    /// <param name="RetryIn">When it is tried again; null for never.</param>
    public sealed record Failed(string Lease, string Action, Exception Error, TimeSpan? RetryIn) : LeaderNotice
    {
        public override string Message =>
            $"cannot {Action} the Lease {Lease}: {Reason}{(RetryIn is { } delay ? $"; next try in {delay.TotalSeconds:0.#} s" : "")}";

        /// <summary>Why, and what can be done about it.</summary>
        public string Reason => ApiFailure.Reason(
            Error, $"the verbs get, create and patch on leases.coordination.k8s.io in namespace {Lease[..Lease.IndexOf('/')]}");

        /// <summary>Names the trouble, the same each time it happens; the same as for a watch where the API server as a whole is in trouble.</summary>
        public string Trouble => Error switch
        {
            ApiServerException refused => $"{(int)refused.StatusCode} {refused.Reason}{(refused.IsServerError ? "" : " lease")}",
            HttpRequestException or KubeConfigException => Reason,
            IOException or SocketException or TimeoutException => Error.GetType().Name,
            _ => $"{Error.GetType().Name} lease",
        };
    }
}
