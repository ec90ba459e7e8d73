using IngressController.Configuration;
using IngressController.Events;
using IngressController.Kubernetes.Watching;
using IngressController.Leadership;
using IngressController.Metrics;
using IngressController.Sources.Kubernetes;
using IngressController.Status;

namespace IngressController.Hosting;

/// <summary>Registers the leader election and the leader tasks.</summary>
internal static class LeadershipServices
{
    extension(IServiceCollection services)
    {
        /// <summary>
        /// Adds the services. Must be called after the source is added, which the leader tasks need until they have ended.
        /// </summary>
        public void AddLeadership(IngressOptions options, ReflectorTimings? timings)
        {
            services.AddSingleton<LeaderMetrics>();
            services.AddSingleton(provider => new LeaderState(
                $"{options.Pod.Name}_{Guid.NewGuid()}", provider.GetRequiredService<SourceLog>(), provider.GetRequiredService<LeaderMetrics>(),
                provider.GetRequiredService<TimeProvider>()));
            services.AddSingleton<IMetricsSource>(provider => provider.GetRequiredService<LeaderState>());
            services.AddMetrics<StatusMetrics>();
            services.AddMetrics<EventMetrics>();
            // With a folder there is no API server to write to.
            if (options.Source.Manifests is not null)
                return;
            services.AddSingleton<LeaderClient>();
            services.AddSingleton<LeaderTasks>();
            services.AddSingleton(options);
            services.AddSingleton(timings ?? new ReflectorTimings());
            services.AddHostedService<LeaderElectionService>();
            if (options.Status.UpdateStatus)
                services.AddStatus();
            if (options.Status.EmitEvents)
                services.AddEvents(options);
        }

        private void AddStatus()
        {
            services.AddSingleton<NodeAddresses>();
            services.AddSingleton<StatusClient>();
            services.AddSingleton<StatusTargets>();
            services.AddSingleton<ILeaderTask, StatusWriter>();
        }

        private void AddEvents(IngressOptions options)
        {
            services.AddSingleton(new EventReporterIdentity(options.Translation.ControllerClass, options.Pod.Name));
            services.AddSingleton<EventWriter>();
            services.AddSingleton<ILeaderTask, EventReporter>();
        }
    }
}
