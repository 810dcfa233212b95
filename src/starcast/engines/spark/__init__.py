"""Training, judging and listing where the ratings lie: on a cluster of Spark.

Spark is met here alone, by data frames and `mapInArrow`, so that all of it runs over Spark Connect,
too. The loops that executors run are those of the local engines. Nothing below imports this.
"""
