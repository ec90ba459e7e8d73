namespace IngressController.Sources;

/// <summary>Feeds the <see cref="ClusterStore"/> from somewhere: an API server or a folder of manifests.</summary>
internal interface IClusterSource
{
    /// <summary>What it reads, for people.</summary>
    string Description { get; }

    /// <summary>Runs until cancelled. Nothing that the outside does ends it.</summary>
    Task RunAsync(CancellationToken cancellation);
}
